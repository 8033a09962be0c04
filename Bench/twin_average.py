"""The moving average of a twin's parameters, as ptrain keeps, tests and saves it.

The average was never trained: its statistics of batch normalisation are measured on training images
as training sees them, but for dropout.
"""

import copy
import itertools

import torch
from torch.nn.modules.batchnorm import _BatchNorm

# Minibatches over which the statistics are measured.
STATISTICS_BATCHES = 25


class Average:
    def __init__(self, model, decay):
        self.model, self.decay = copy.deepcopy(model), decay

    @torch.no_grad()
    def update(self, model, step):
        """Takes in the parameters after a step counted from 0; early ones are forgotten sooner."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for own, other in zip(self.model.parameters(), model.parameters(), strict=True):
            own.lerp_(other, share)

    @torch.no_grad()
    def measure_statistics(self, batches):
        """Makes the running statistics the means of those of the first minibatches."""
        self.model.eval()
        for norm in self.model.modules():
            if isinstance(norm, _BatchNorm):
                norm.reset_running_stats()
                norm.momentum = None
                norm.train()
        for batch in itertools.islice(batches, STATISTICS_BATCHES):
            self.model(batch)
        self.model.eval()
