"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const bytes = Uint8Array.from(atob(data.samples), (c) => c.charCodeAt(0));
  const wire = new DataView(bytes.buffer);
  const ecg = Float32Array.from({ length: bytes.length / 2 }, (_, i) => wire.getInt16(2 * i, true) * data.step_mv);
  const beats = data.beats.map(([time, rr, said, annotated, symbol, shares]) => ({ time, rr, said, annotated, symbol, shares }));
  const begin = data.start_s, end = begin + ecg.length / data.rate_hz;
  const variables = { N: "--n", PAC: "--pac", PVC: "--pvc" };
  const letters = { PAC: "A", PVC: "V" };
  const variableOf = (index) => variables[data.classes[index]] || "--other";
  const strip = document.getElementById("strip"), overview = document.getElementById("overview");
  const tip = document.getElementById("tip"), clock = document.getElementById("clock");
  const ectopic = beats.filter((b) => b.said !== null && b.said !== data.normal);
  const wrong = beats.filter((b) => b.said !== null && b.annotated !== null && b.said !== b.annotated);
  const burden = runningBurden();
  const BEFORE_R = 0.24, AFTER_R = 0.44, TOP = 30, BOTTOM = 44;
  let span = Math.min(strip.clientWidth < 700 ? 5 : 10, end - begin), left = begin, playing = 0, colours = {};

  function runningBurden() {
    let classified = 0, count = 0;
    return beats.filter((b) => b.said !== null).map((b) => {
      classified += 1;
      count += b.said !== data.normal;
      return { time: b.time, share: count / classified };
    });
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["--ink", "--dim", "--fine", "--coarse", "--accent", "--n", "--pac", "--pvc", "--other", "--sheet"]) {
      colours[name] = style.getPropertyValue(name).trim();
    }
  }

  function prepare(canvas) {
    const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  }

  const timeText = (time, decimals) => {
    const rest = (time % 60).toFixed(decimals);
    return `${Math.floor(time / 60)}:${rest.padStart(decimals ? 3 + decimals : 2, "0")}`;
  };

  // First index whose time is not before `time`; both lists are in order.
  function firstAt(list, time) {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle].time < time) low = middle + 1; else high = middle;
    }
    return low;
  }
  const visible = (list, margin) => list.slice(firstAt(list, left - margin), firstAt(list, left + span + margin));

  function range() {
    let low = Infinity, high = -Infinity;
    for (let i = indexOf(left); i < indexOf(left + span); i += 1) {
      low = Math.min(low, ecg[i]);
      high = Math.max(high, ecg[i]);
    }
    if (low > high) return [-1, 1];
    const lacking = Math.max(0, 1.5 - (high - low)) / 2;
    return [Math.floor((low - lacking) / 0.25) * 0.25, Math.ceil((high + lacking) / 0.25) * 0.25];
  }
  const indexOf = (time) => Math.max(0, Math.min(ecg.length, Math.round((time - begin) * data.rate_hz)));

  function drawStrip() {
    const { pen, width, height } = prepare(strip), [low, high] = range();
    const x = (time) => ((time - left) / span) * width;
    const y = (mv) => TOP + ((high - mv) / (high - low)) * (height - TOP - BOTTOM);
    drawPaper(pen, x, y, width, height, low, high);
    drawTrace(pen, x, y, indexOf(left) - 1, indexOf(left + span) + 1, 1.4, colours["--ink"]);
    for (const beat of visible(ectopic, 1)) {
      drawTrace(pen, x, y, indexOf(beat.time - BEFORE_R), indexOf(beat.time + AFTER_R), 2.4, colours[variableOf(beat.said)]);
    }
    drawMarks(pen, x, height);
    clock.textContent = `${timeText(left, 1)} to ${timeText(Math.min(end, left + span), 1)} of ${timeText(end, 0)}`;
  }

  function drawPaper(pen, x, y, width, height, low, high) {
    const step = span > 40 ? 5 : span > 12 ? 1 : 0.2;
    pen.lineWidth = 1;
    for (let k = Math.ceil(left / step); k * step <= left + span; k += 1) {
      const whole = step >= 1 || k % 5 === 0;
      line(pen, x(k * step), 0, x(k * step), height, colours[whole ? "--coarse" : "--fine"]);
    }
    for (let mv = Math.ceil(low * 2) / 2; mv <= high; mv += 0.5) line(pen, 0, y(mv), width, y(mv), colours["--coarse"]);
    pen.fillStyle = colours["--dim"];
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "left";
    const label = [1, 2, 5, 10, 30, 60, 120, 300].find((s) => (s / span) * width >= 60) || 600;
    for (let time = Math.ceil(left / label) * label; time <= left + span; time += label) {
      pen.fillText(timeText(time, 0), x(time) + 3, height - 5);
    }
  }

  function line(pen, x1, y1, x2, y2, colour) {
    pen.strokeStyle = colour;
    pen.beginPath();
    pen.moveTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
    pen.lineTo(Math.round(x2) + 0.5, Math.round(y2) + 0.5);
    pen.stroke();
  }

  function drawTrace(pen, x, y, first, last, width, colour) {
    first = Math.max(0, first);
    last = Math.min(ecg.length, last);
    if (first >= last) return;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.lineJoin = "round";
    pen.beginPath();
    for (let i = first; i < last; i += 1) pen.lineTo(x(begin + i / data.rate_hz), y(ecg[i]));
    pen.stroke();
  }

  function drawMarks(pen, x, height) {
    const room = strip.clientWidth / Math.max(1, visible(beats, 0).length);
    pen.textAlign = "center";
    for (const beat of visible(beats, 0.3)) {
      const at = x(beat.time), said = beat.said === null ? "?" : data.classes[beat.said];
      pen.fillStyle = beat.said === null ? colours["--dim"] : colours[variableOf(beat.said)];
      if (room < 16) {
        pen.fillRect(at - 1, 8, 2, beat.said === data.normal ? 6 : 14);
        continue;
      }
      pen.font = "600 13px system-ui, sans-serif";
      pen.fillText(room < 34 ? letters[said] || said[0] : said, at, 20);
      if (beat.symbol === null) continue;
      const differs = beat.said !== null && beat.annotated !== null && beat.said !== beat.annotated;
      const known = beat.annotated === null || room < 34 ? beat.symbol : data.classes[beat.annotated];
      drawAnnotation(pen, known, at, height - 24, differs);
    }
    for (const [time, symbol] of data.missed) {
      if (time > left && time < left + span && room >= 16) drawAnnotation(pen, `${symbol}!`, x(time), height - 24, true);
    }
  }

  function drawAnnotation(pen, text, x, y, boxed) {
    pen.font = "12px system-ui, sans-serif";
    if (boxed) {
      const half = pen.measureText(text).width / 2 + 4;
      pen.fillStyle = colours["--ink"];
      pen.fillRect(x - half, y - 12, 2 * half, 16);
    }
    pen.fillStyle = colours[boxed ? "--sheet" : "--dim"];
    pen.fillText(text, x, y);
  }

  function drawOverview() {
    const { pen, width, height } = prepare(overview);
    const x = (time) => ((time - begin) / (end - begin)) * width;
    pen.fillStyle = colours["--accent"];
    pen.globalAlpha = 0.22;
    pen.fillRect(x(left), 0, Math.max(3, x(left + span) - x(left)), height);
    pen.globalAlpha = 1;
    for (const beat of ectopic) {
      pen.fillStyle = colours[variableOf(beat.said)];
      pen.fillRect(x(beat.time), height - 18, Math.max(1, 400 / beats.length), 14);
    }
    drawBurden(pen, x, width, height);
  }

  function drawBurden(pen, x, width, height) {
    if (!burden.length) return;
    // The first minute's shares jump about; they must not set the scale.
    const settled = burden.slice(Math.min(60, burden.length - 1));
    const top = Math.max(0.02, 1.15 * Math.max(...settled.map((b) => b.share)));
    const y = (share) => 4 + (1 - Math.min(1, share / top)) * (height - 28);
    pen.strokeStyle = colours["--dim"];
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const each of burden) pen.lineTo(x(each.time), y(each.share));
    pen.stroke();
    pen.fillStyle = colours["--dim"];
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "right";
    const share = burden[burden.length - 1].share;
    pen.fillText(`burden ${(100 * share).toFixed(1)} %`, width - 6, y(share) < 22 ? y(share) + 14 : y(share) - 5);
  }

  function show(time, seconds) {
    span = Math.max(Math.min(2, end - begin), Math.min(end - begin, seconds || span));
    left = Math.max(begin, Math.min(end - span, time));
    tip.hidden = true;
    drawStrip();
    drawOverview();
  }

  function jump(list, forward) {
    const middle = left + span / 2;
    const next = forward ? list.find((b) => b.time > middle + 0.02) : [...list].reverse().find((b) => b.time < middle - 0.02);
    if (next) show(next.time - span / 2);
  }

  function zoom(factor, at) {
    const share = (at - left) / span, wanted = Math.max(2, Math.min(end - begin, span * factor));
    show(at - share * wanted, wanted);
  }

  function element(name, text, parent) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  }

  function showTip(x, y) {
    const time = left + (x / strip.clientWidth) * span;
    const near = beats.slice(Math.max(0, firstAt(beats, time) - 1), firstAt(beats, time) + 1);
    const beat = near.sort((a, b) => Math.abs(a.time - time) - Math.abs(b.time - time))[0];
    tip.hidden = !beat || Math.abs(beat.time - time) > Math.max(0.3, span / 60);
    if (tip.hidden) return;
    tip.replaceChildren();
    const title = element("b", beat.said === null ? "no class: no whole window" : data.classes[beat.said], tip);
    title.style.color = beat.said === null ? "" : `var(${variableOf(beat.said)})`;
    element("small", `at ${timeText(beat.time, 2)}${beat.rr === null ? "" : ` · RR ${beat.rr.toFixed(2)} s`}`, tip);
    beat.shares.forEach((share, index) => {
      const row = element("p", "", tip);
      element("span", data.classes[index], row);
      const bar = element("u", "", element("i", "", row));
      bar.style.width = `${100 * share}%`;
      bar.style.background = `var(${variableOf(index)})`;
      element("span", `${(100 * share).toFixed(1)} %`, row);
    });
    const known = beat.annotated === null ? beat.symbol : data.classes[beat.annotated];
    element("small", beat.symbol === null ? "annotated: no beat" : `annotated: ${known} (${beat.symbol})`, tip);
    tip.style.left = `${Math.max(0, Math.min(x + 14, strip.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.min(y + 14, strip.clientHeight - tip.offsetHeight - 4)}px`;
  }

  function togglePlay() {
    playing = playing ? 0 : performance.now();
    document.getElementById("play").textContent = playing ? "Pause" : "Play";
    if (playing && left + span >= end - 0.01) show(begin);
    if (playing) requestAnimationFrame(tick);
  }

  function tick(now) {
    if (!playing) return;
    const elapsed = Math.max(0, (now - playing) / 1000);
    playing = Math.max(now, playing);
    show(left + elapsed);
    if (left + span >= end) togglePlay(); else requestAnimationFrame(tick);
  }

  let held = null;
  strip.addEventListener("pointerdown", (e) => {
    held = { x: e.clientX, left };
    strip.setPointerCapture(e.pointerId);
    strip.classList.add("held");
  });
  strip.addEventListener("pointermove", (e) => {
    if (held) show(held.left - ((e.clientX - held.x) / strip.clientWidth) * span);
    else showTip(e.offsetX, e.offsetY);
  });
  strip.addEventListener("pointerup", () => { held = null; strip.classList.remove("held"); });
  strip.addEventListener("pointerleave", () => { tip.hidden = true; });
  strip.addEventListener("wheel", (e) => {
    const sideways = Math.abs(e.deltaX) > Math.abs(e.deltaY);
    if (!e.ctrlKey && !sideways && !e.shiftKey) return;
    e.preventDefault();
    if (e.ctrlKey) zoom(Math.exp(e.deltaY / 300), left + (e.offsetX / strip.clientWidth) * span);
    else show(left + ((sideways ? e.deltaX : e.deltaY) / strip.clientWidth) * span);
  }, { passive: false });
  const goTo = (e) => show(begin + (e.offsetX / overview.clientWidth) * (end - begin) - span / 2);
  overview.addEventListener("pointerdown", (e) => { overview.setPointerCapture(e.pointerId); goTo(e); });
  overview.addEventListener("pointermove", (e) => { if (e.buttons) goTo(e); });
  strip.addEventListener("keydown", (e) => {
    const keys = { ArrowLeft: () => jump(ectopic, false), ArrowRight: () => jump(ectopic, true), "+": () => zoom(0.7, left + span / 2), "-": () => zoom(1 / 0.7, left + span / 2), " ": togglePlay };
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });
  const clicks = { play: togglePlay, in: () => zoom(0.6, left + span / 2), out: () => zoom(1 / 0.6, left + span / 2), before: () => jump(ectopic, false), after: () => jump(ectopic, true), "wrong-before": () => jump(wrong, false), "wrong-after": () => jump(wrong, true) };
  for (const [id, act] of Object.entries(clicks)) document.getElementById(id).addEventListener("click", act);
  data.classes.forEach((name, index) => {
    const item = element("li", "", document.getElementById("legend"));
    element("i", "", item).style.background = `var(${variableOf(index)})`;
    item.append(name);
  });
  const redraw = () => { readColours(); show(left); };
  window.addEventListener("resize", redraw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
})();
