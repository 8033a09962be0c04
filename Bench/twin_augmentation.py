"""ptrain's augmentation on whole minibatches of PyTorch, each image with draws of its own.

The draws have ptrain's distributions, not its random numbers; values are not rounded to bytes.
"""

import torch
import torch.nn.functional as F
import twin_recipe

# What a word alone stands for; ranges of an affine map that are not given are these too.
AFFINE = {"rotation": 12, "scale": 0.1, "shear": 0.2, "shift": 2}
COLOR = {"brightness": 0.2, "contrast": 0.2, "saturation": 0.2}
LUMA = (0.299, 0.587, 0.114)


def steps(value):
    """A recipe's `augment` as pairs of a step's name and its value."""
    if value in (None, "none"):
        return []
    if isinstance(value, dict):
        return [("affine", value)]
    items = [value] if isinstance(value, str) else value
    pairs = [(item, None) if isinstance(item, str) else next(iter(item.items())) for item in items]
    for name, _ in pairs:
        if name not in STEPS and name not in MIXES:
            twin_recipe.refuse(f"augment: {name}")
    if sum(name in MIXES for name, _ in pairs) > 1:
        twin_recipe.refuse("augment: two steps that mix")
    return pairs


class Augmentation:
    """The steps of a recipe over a training set in memory."""

    def __init__(self, value, pixels, labels, classes):
        self.before, self.after, self.mix = steps(value), [], None
        for place, (name, given) in enumerate(self.before):
            if name in MIXES:
                self.mix = MIXES[name], given
                self.before, self.after = self.before[:place], self.before[place + 1 :]
                break
        self.pixels, self.labels, self.classes = pixels, labels, classes
        # Whose turn it is to be mirrored, of each image.
        self.is_turn = torch.rand(len(labels)) < 0.5

    def minibatch(self, samples, epoch):
        """Images [N, C, H, W] from 0 to 1 of some samples in an epoch counted from 0, and targets:
        labels, or shares of each class."""
        images, targets = self.stepped(samples, epoch), self.labels[samples]
        if self.mix:
            partners = torch.randint(len(self.labels), (len(samples),))
            mixer, given = self.mix
            images, share = mixer(given, images, self.stepped(partners, epoch))
            own, other = (F.one_hot(self.labels[of], self.classes) for of in (samples, partners))
            targets = torch.lerp(own.float(), other.float(), share[:, None])
        for name, given in self.after:
            images = STEPS[name](given, images, self.turns(samples, epoch))
        return images, targets

    def stepped(self, samples, epoch):
        images = self.pixels[samples].float() / 255
        for name, given in self.before:
            images = STEPS[name](given, images, self.turns(samples, epoch))
        return images

    def turns(self, samples, epoch):
        return self.is_turn[samples] ^ (epoch % 2 == 1)


def symmetric(count, reach):
    """Numbers drawn evenly from `-reach ... reach`."""
    return (2 * torch.rand(count) - 1) * reach


def affine(given, images, _turns):
    ranges = AFFINE | (given or {})
    count, (height, width) = len(images), images.shape[2:]
    angle = torch.deg2rad(symmetric(count, ranges["rotation"]))
    scale, shear = 1 + symmetric(count, ranges["scale"]), symmetric(count, ranges["shear"])
    sine, cosine = torch.sin(angle), torch.cos(angle)
    rows = [cosine + shear * sine, sine - shear * cosine, -sine, cosine]
    inverse = torch.stack(rows, dim=1).reshape(count, 2, 2) / scale[:, None, None]
    shift = torch.stack([symmetric(count, ranges["shift"]) for _ in range(2)], dim=1)
    theta = torch.cat([inverse, -inverse @ shift[:, :, None]], dim=2)
    # From pixels to a grid on which either axis goes from -1 to 1.
    half = torch.tensor([width / 2, height / 2])
    theta = theta * torch.cat([half, torch.ones(1)]) / half[:, None]
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def flip(given, images, turns):
    if given not in (None, "alternating"):
        twin_recipe.refuse(f"flip: {given}")
    is_mirrored = turns if given else torch.rand(len(images)) < 0.5
    return torch.where(is_mirrored[:, None, None, None], images.flip(3), images)


def crop(pixels, images, _turns):
    count, _, height, width = images.shape
    padded = F.pad(images, [pixels] * 4)
    down, right = torch.randint(2 * pixels + 1, (2, count))
    return padded.unfold(2, height, 1).unfold(3, width, 1)[torch.arange(count), :, down, right]


def cutout(side, images, _turns):
    def hidden(extent):
        first = torch.randint(extent, (len(images), 1)) - side // 2
        places = torch.arange(extent)
        return (places >= first) & (places < first + side)

    rows, columns = (hidden(extent) for extent in images.shape[2:])
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def color(given, images, _turns):
    ranges = dict.fromkeys(COLOR, 0) | given if given else COLOR

    def factor(name):
        return 1 + symmetric(len(images), ranges[name])[:, None, None, None]

    def luma(pixels):
        if pixels.shape[1] != 3:
            return pixels[:, :1]
        return (pixels * torch.tensor(LUMA)[:, None, None]).sum(1, keepdim=True)

    def blend(pixels, other, amount):
        return (pixels * amount + other * (1 - amount)).clamp(0, 1)

    images = (images * factor("brightness")).clamp(0, 1)
    images = blend(images, luma(images).mean((2, 3), keepdim=True), factor("contrast"))
    return blend(images, luma(images), factor("saturation")) if images.shape[1] == 3 else images


def mixup(alpha, images, others):
    """The images mixed with others, and what the others have of them: at most a half."""
    drawn = torch.distributions.Beta(alpha, alpha).sample((len(images),))
    share = torch.minimum(drawn, 1 - drawn)
    return torch.lerp(images, others, share[:, None, None, None]), share


def cutmix(alpha, images, others):
    """The images with a box of others in them, and the box's part of the area."""
    count, (height, width) = len(images), images.shape[2:]
    side = (1 - torch.distributions.Beta(alpha, alpha).sample((count,))).sqrt()

    def inside(extent):
        half = (side * extent).long() // 2
        first = torch.randint(extent, (count,)) - half
        places = torch.arange(extent)
        return (places >= first[:, None]) & (places < (first + 2 * half)[:, None])

    box = inside(height)[:, :, None] & inside(width)[:, None, :]
    share = box.float().mean((1, 2))
    return torch.where(box[:, None], others, images), share


# Step by name: a function of its value, images and whose turn it is to be mirrored.
STEPS = {"affine": affine, "flip": flip, "crop": crop, "cutout": cutout, "color": color}
# Those that take a second image of the training set, as changed by the steps before.
MIXES = {"mixup": mixup, "cutmix": cutmix}
