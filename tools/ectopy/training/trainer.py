"""The training loop: steps on made batches, averaged weights, a checkpoint each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ectopy.metrics import confusion_matrix, score
from ectopy.progress import Progress, silent
from ectopy.training.architecture import build_network
from ectopy.training.batches import Batch, BatchSource
from ectopy.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from ectopy.windows import WindowSet
from ectopy.zoo import Configuration, class_labels, predict_float

WARM_UP_STEPS = 200
FIRST_RATE = 0.05
"""Learning rate of the first step, as a part of the peak; the cosine after it ends at zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What one epoch did.

    Attributes:
        loss: Mean training loss of its steps.
        class_f1: On the validation windows with the averaged weights, per class in the order of
            ``class_names``, 0 where undefined; None without validation.
    """

    number: int
    loss: float
    class_f1: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trained:
    """A finished training.

    Attributes:
        model: Keras model with the averaged weights of the last epoch.
        epochs: All epochs in order.
    """

    model: Any
    epochs: tuple[Epoch, ...]


def train(
    configuration: Configuration,
    batches: BatchSource,
    seed: int,
    *,
    checkpoint: Path,
    validation: WindowSet | None = None,
    progress: Progress = silent,
) -> Trained:
    """Trains the network of a configuration, or goes on where a checkpoint ends.

    AdamW with a cosine schedule over all steps. Weights are averaged exponentially (Polyak BT,
    Juditsky AB, SIAM J Control Optim 30(4), 1992) and those of the last epoch are kept: no epoch
    is chosen. The same seed, data and TensorFlow on the same machine give the same weights.

    Args:
        configuration: Architecture and recipe.
        batches: What to learn from.
        seed: Of weights and dropout.
        checkpoint: Written after every epoch; if it exists, training goes on from there.
        validation: Looked at after every epoch, never learnt from.
        progress: Told after every step.

    Raises:
        ModelError: The configuration cannot be built.
        InputError: The checkpoint is of another training, or cannot be written.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    run = _Run(configuration, batches, validation)
    if checkpoint.exists():
        run.restore(load_checkpoint(checkpoint))
    recipe = configuration.recipe
    while len(run.epochs) < recipe.epochs:
        run.epoch(progress)
        save_checkpoint(checkpoint, run.state())
    return Trained(model=run.averaged(), epochs=tuple(run.epochs))


class _Run:
    """State of one training."""

    def __init__(
        self, configuration: Configuration, batches: BatchSource, validation: WindowSet | None
    ) -> None:
        self._configuration = configuration
        self._batches = batches
        self._validation = validation
        # The twin first: building one starts a session of its own, which names layers anew.
        self._twin = build_network(configuration)
        self._model = build_network(configuration)
        self._optimizer = _optimizer(configuration)
        self._optimizer.build(self._model.trainable_variables)
        self._average = [tf.Variable(v.value) for v in self._model.variables]
        self._step = _make_step(configuration, self._model, self._optimizer, self._average)
        self.epochs: list[Epoch] = []

    def epoch(self, progress: Progress) -> None:
        recipe = self._configuration.recipe
        done = len(self.epochs) * recipe.steps_per_epoch
        total = recipe.epochs * recipe.steps_per_epoch
        loss = 0.0
        for _ in range(recipe.steps_per_epoch):
            # The average follows faster at first, when it has little to remember.
            keep = min(recipe.ema_momentum, (1 + done) / (10 + done))
            loss += self._step(self._batches.draw(), keep)
            done += 1
            progress(done, total, self._news())
        self.epochs.append(
            Epoch(
                number=len(self.epochs) + 1,
                loss=loss / recipe.steps_per_epoch,
                class_f1=self._look(),
            )
        )
        progress(done, total, self._news())

    def averaged(self) -> Any:
        """A model with averaged weights, the same one each time."""
        for variable, mean in zip(self._twin.variables, self._average, strict=True):
            variable.assign(mean)
        return self._twin

    def state(self) -> Checkpoint:
        return Checkpoint(
            model=tuple(np.asarray(v) for v in self._model.variables),
            average=tuple(np.asarray(v) for v in self._average),
            optimizer=tuple(np.asarray(v) for v in self._optimizer.variables),
            batches=self._batches.state,
            epochs=tuple((e.loss, e.class_f1) for e in self.epochs),
        )

    def restore(self, state: Checkpoint) -> None:
        groups = {
            "model": self._model.variables,
            "average": self._average,
            "optimizer": self._optimizer.variables,
        }
        for group, variables in groups.items():
            state.require(group, [variable.shape for variable in variables])
        for group, variables in groups.items():
            for variable, value in zip(variables, getattr(state, group), strict=True):
                variable.assign(value)
        self._batches.state = state.batches
        self.epochs = [
            Epoch(number=number, loss=loss, class_f1=class_f1)
            for number, (loss, class_f1) in enumerate(state.epochs, start=1)
        ]

    def _look(self) -> tuple[float, ...] | None:
        if self._validation is None:
            return None
        outputs = predict_float(self.averaged(), self._configuration, self._validation.samples)
        names = self._configuration.class_names
        classes = class_labels(self._configuration, self._validation.labels)
        confusion = confusion_matrix(classes, np.argmax(outputs, axis=1), len(names))
        accuracy, _ = score(confusion, names)
        return tuple(accuracy.per_class[name].f1 or 0.0 for name in names)

    def _news(self) -> str:
        if not self.epochs:
            return ""
        last = self.epochs[-1]
        if last.class_f1 is None:
            return f"loss {last.loss:.3f}"
        names = self._configuration.class_names
        scores = ", ".join(f"{n} {f1:.3f}" for n, f1 in zip(names, last.class_f1, strict=True))
        return f"loss {last.loss:.3f}, F1 {scores}"


def _optimizer(configuration: Configuration) -> Any:
    recipe = configuration.recipe
    steps = recipe.epochs * recipe.steps_per_epoch
    warm_up = min(WARM_UP_STEPS, steps // 3)
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * FIRST_RATE,
        steps - warm_up,
        warmup_target=recipe.learning_rate,
        warmup_steps=warm_up,
    )
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, global_clipnorm=1.0)


def _make_step(
    configuration: Configuration, model: Any, optimizer: Any, average: list[Any]
) -> Callable[[Batch, float], float]:
    """One step as a function of the batch and of how much the average keeps; its loss."""
    recipe = configuration.recipe
    trained = model.trainable_variables
    loss_of = keras.losses.CategoricalCrossentropy(
        from_logits=configuration.use_logits, label_smoothing=recipe.label_smoothing
    )

    @tf.function  # type: ignore[untyped-decorator]
    def step(inputs: Any, classes: Any, keep: Any) -> Any:
        with tf.GradientTape() as tape:
            outputs = model(inputs, training=True)
            loss = loss_of(tf.one_hot(classes, configuration.num_classes), outputs)
        optimizer.apply(tape.gradient(loss, trained), trained)
        for mean, variable in zip(average, model.variables, strict=True):
            value = variable.value
            if mean.dtype.is_floating:
                value = mean * keep + value * (1 - keep)
            mean.assign(value)
        return loss

    def call(batch: Batch, keep: float) -> float:
        inputs, classes = tf.constant(batch.inputs), tf.constant(batch.classes)
        return float(step(inputs, classes, tf.constant(keep, tf.float32)))

    return call
