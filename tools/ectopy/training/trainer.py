"""The training loop: steps on balanced batches, a look at the validation patients each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ectopy.errors import DataError
from ectopy.metrics import confusion_matrix, score
from ectopy.progress import Progress, silent
from ectopy.training.architecture import build_network
from ectopy.training.batches import BatchSource
from ectopy.windows import WindowSet
from ectopy.zoo import Configuration, class_labels, predict_float

PATIENCE_EPOCHS = 20
"""Epochs without a better validation macro F1 after which training ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """What one epoch did.

    Attributes:
        loss: Training loss of the epoch's last step.
        macro_f1: On the validation records, all classes weighing the same.
        class_f1: Per class, in the order of ``class_names``; 0 where it is undefined.
    """

    number: int
    loss: float
    macro_f1: float
    class_f1: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Training:
    """A finished training.

    Attributes:
        model: Keras model with the weights of the best epoch, without optimizer.
        epochs: All epochs in order.
        best: The epoch whose weights were kept.
        interrupted: True if Ctrl-C ended it.
    """

    model: Any
    epochs: tuple[Epoch, ...]
    best: Epoch
    interrupted: bool


def train(
    configuration: Configuration,
    training: WindowSet,
    validation: WindowSet,
    seed: int,
    progress: Progress = silent,
) -> Training:
    """Trains the network of a configuration from scratch.

    Adam with a cosine schedule over all steps and cross-entropy on class-balanced batches; the
    epoch with the best macro F1 on the validation windows, at natural prevalence, is kept.
    The same seed, data and TensorFlow give the same weights.

    Args:
        configuration: Architecture and recipe.
        training: Windows to learn from.
        validation: Windows of other patients, to choose the epoch.
        seed: Of weights, dropout and batches.
        progress: Told after every step.

    Raises:
        DataError: One of the window sets is empty.
        ModelError: The configuration cannot be built.
    """
    if not len(training) or not len(validation):
        raise DataError("no windows to train on, or none to validate with")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    run = _Run(configuration, training, validation, seed)
    interrupted = False
    try:
        run.all_epochs(progress)
    except KeyboardInterrupt:
        if not run.epochs:
            raise
        interrupted = True
    return run.finish(interrupted)


class _Run:
    """State of one training."""

    def __init__(
        self, configuration: Configuration, training: WindowSet, validation: WindowSet, seed: int
    ) -> None:
        self._configuration = configuration
        self._validation = validation
        self._validation_classes = class_labels(configuration, validation.labels)
        self._batches = BatchSource(training, configuration, seed)
        self._model = build_network(configuration)
        self._best_weights: list[npt.NDArray[np.float32]] = []
        self.epochs: list[Epoch] = []
        self._compile()

    def _compile(self) -> None:
        recipe = self._configuration.recipe
        schedule = keras.optimizers.schedules.CosineDecay(
            recipe.learning_rate, recipe.epochs * recipe.steps_per_epoch
        )
        self._model.compile(
            optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
            loss=keras.losses.CategoricalCrossentropy(
                from_logits=self._configuration.use_logits,
                label_smoothing=recipe.label_smoothing,
            ),
        )

    def all_epochs(self, progress: Progress) -> None:
        """Runs until the last epoch or until patience ends."""
        recipe = self._configuration.recipe
        total = recipe.epochs * recipe.steps_per_epoch
        for number in range(1, recipe.epochs + 1):
            loss = 0.0
            for step in range(recipe.steps_per_epoch):
                loss = self._step()
                done = (number - 1) * recipe.steps_per_epoch + step + 1
                progress(done, total, self._news())
            self._look(number, loss)
            if number - self._best().number >= PATIENCE_EPOCHS:
                break
        progress(total, total, self._news())

    def finish(self, interrupted: bool) -> Training:
        """The best epoch's weights in a model without optimizer."""
        model = build_network(self._configuration)
        model.set_weights(self._best_weights)
        return Training(
            model=model, epochs=tuple(self.epochs), best=self._best(), interrupted=interrupted
        )

    def _step(self) -> float:
        """One step; its loss."""
        self._model.reset_metrics()  # some versions of Keras answer with the mean since the last
        batch = self._batches.draw()
        one_hot = np.eye(self._configuration.num_classes, dtype=np.float32)[batch.classes]
        return float(self._model.train_on_batch(batch.inputs, one_hot))

    def _look(self, number: int, loss: float) -> None:
        outputs = predict_float(self._model, self._configuration, self._validation.samples)
        names = self._configuration.class_names
        confusion = confusion_matrix(
            self._validation_classes, np.argmax(outputs, axis=1), len(names)
        )
        accuracy, _ = score(confusion, names)
        class_f1 = tuple(accuracy.per_class[name].f1 or 0.0 for name in names)
        epoch = Epoch(
            number=number, loss=loss, macro_f1=float(np.mean(class_f1)), class_f1=class_f1
        )
        if not self.epochs or epoch.macro_f1 > self._best().macro_f1:
            self._best_weights = self._model.get_weights()
        self.epochs.append(epoch)

    def _best(self) -> Epoch:
        # max() keeps the first of equals, as _look does.
        return max(self.epochs, key=lambda epoch: epoch.macro_f1)

    def _news(self) -> str:
        if not self.epochs:
            return ""
        last, best = self.epochs[-1], self._best()
        return f"val F1 {last.macro_f1:.3f}, best {best.macro_f1:.3f} in epoch {best.number}"
