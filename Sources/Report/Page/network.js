// The trained network in plain JavaScript: one function an operation of the inference steps that
// exported files are made from. A value is one image `[C, H, W]` as float32; sums are formed in double
// precision and rounded once.

const valueOf = (channels, height, width) =>
  ({ channels, height, width, data: new Float32Array(channels * height * width) });

const extent = (size, before, after, kernel, dilation, stride) =>
  Math.floor((size + before + after - dilation * (kernel - 1) - 1) / stride) + 1;

function outputOf(x, window, channels) {
  const { kernel, stride, padding: [top, left, bottom, right], dilation } = window;
  return valueOf(
    channels, extent(x.height, top, bottom, kernel[0], dilation, stride[0]),
    extent(x.width, left, right, kernel[1], dilation, stride[1]));
}

/// Outputs `o` along one axis whose input `o·stride + offset` lies inside the image: [first, end].
function inside(offset, stride, size, outputs) {
  const first = offset >= 0 ? 0 : Math.ceil(-offset / stride);
  const end = offset > size - 1 ? 0 : Math.min(outputs, Math.floor((size - 1 - offset) / stride) + 1);
  return [first, Math.max(first, end)];
}

function convolution(x, { window, groups, shape, weights, bias }) {
  const [filters, depth, rows, columns] = shape;
  const { stride, padding: [top, left], dilation } = window;
  const y = outputOf(x, window, filters);
  const plane = new Float64Array(y.height * y.width);
  for (let filter = 0; filter < filters; filter += 1) {
    plane.fill(bias ? bias[filter] : 0);
    const firstChannel = Math.floor(filter / (filters / groups)) * depth;
    for (let channel = 0; channel < depth; channel += 1) {
      const start = (firstChannel + channel) * x.height * x.width;
      for (let tap = 0; tap < rows * columns; tap += 1) {
        const weight = weights[(filter * depth + channel) * rows * columns + tap];
        const i = Math.floor(tap / columns) * dilation - top;
        const j = (tap % columns) * dilation - left;
        const [firstRow, endRow] = inside(i, stride[0], x.height, y.height);
        const [first, end] = inside(j, stride[1], x.width, y.width);
        for (let row = firstRow; row < endRow; row += 1) {
          let from = start + (row * stride[0] + i) * x.width + first * stride[1] + j;
          const to = row * y.width;
          for (let column = first; column < end; column += 1, from += stride[1]) {
            plane[to + column] += weight * x.data[from];
          }
        }
      }
    }
    y.data.set(plane, filter * plane.length);
  }
  return y;
}

function dense(x, { shape: [outputs, inputs], weights, bias }) {
  const y = valueOf(outputs, 1, 1);
  for (let output = 0; output < outputs; output += 1) {
    let sum = bias ? bias[output] : 0;
    for (let input = 0; input < inputs; input += 1) {
      sum += weights[output * inputs + input] * x.data[input];
    }
    y.data[output] = sum;
  }
  return y;
}

function batchNorm(x, { scale, shift, mean, variance, epsilon }) {
  const y = valueOf(x.channels, x.height, x.width);
  const pixels = x.height * x.width;
  for (let place = 0; place < x.data.length; place += 1) {
    const channel = Math.floor(place / pixels);
    const gain = scale[channel] / Math.sqrt(variance[channel] + epsilon);
    y.data[place] = (x.data[place] - mean[channel]) * gain + shift[channel];
  }
  return y;
}

/// `2/√π · ∫ e^(−t²) dt`: a series near 0, the continued fraction of erfc beyond.
function errorFunction(x) {
  const size = Math.abs(x);
  if (size >= 6) return Math.sign(x);
  let value;
  if (size < 1.5) {
    let sum = 1;
    for (let term = 24; term >= 1; term -= 1) sum = 1 + ((2 * size * size) / (2 * term + 1)) * sum;
    value = 1.1283791670955126 * Math.exp(-size * size) * size * sum;
  } else {
    let rest = size;
    for (let term = 100; term >= 1; term -= 1) rest = size + term / 2 / rest;
    value = 1 - (Math.exp(-size * size) * 0.5641895835477563) / rest;
  }
  return x < 0 ? -value : value;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

const activations = {
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  sigmoid,
  tanh: Math.tanh,
  silu: (x) => x * sigmoid(x),
  gelu: (x) => (x * (1 + errorFunction(x * Math.SQRT1_2))) / 2,
  hardSwish: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  leakyRelu: (x, slope) => (x > 0 ? x : slope * x),
};

function activation(x, { name, slope }) {
  const apply = activations[name];
  return { ...x, data: x.data.map((value) => apply(value, slope)) };
}

/// The largest value or the mean of what of a window lies inside the image.
function pool(x, { kind, window }) {
  const y = outputOf(x, window, x.channels);
  const { kernel, stride, padding: [top, left] } = window;
  let place = 0;
  for (let channel = 0; channel < x.channels; channel += 1) {
    for (let row = 0; row < y.height; row += 1) {
      for (let column = 0; column < y.width; column += 1) {
        const [i, j] = [row * stride[0] - top, column * stride[1] - left];
        const [endRow, endColumn] = [Math.min(i + kernel[0], x.height), Math.min(j + kernel[1], x.width)];
        let [sum, count, largest] = [0, 0, -Infinity];
        for (let r = Math.max(i, 0); r < endRow; r += 1) {
          for (let c = Math.max(j, 0); c < endColumn; c += 1) {
            const value = x.data[(channel * x.height + r) * x.width + c];
            sum += value;
            count += 1;
            largest = Math.max(largest, value);
          }
        }
        y.data[place] = kind === "maximum" ? largest : sum / count;
        place += 1;
      }
    }
  }
  return y;
}

const globalPool = (x, { kind }) =>
  pool(x, {
    kind,
    window: { kernel: [x.height, x.width], stride: [1, 1], padding: [0, 0, 0, 0], dilation: 1 },
  });

function concatenate(parts) {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let start = 0;
  for (const part of parts) {
    data.set(part.data, start);
    start += part.data.length;
  }
  const channels = parts.reduce((sum, part) => sum + part.channels, 0);
  return { channels, height: parts[0].height, width: parts[0].width, data };
}

/// The factor has one value a channel, or one a value.
function multiply([x, factor]) {
  const pixels = x.data.length / factor.data.length;
  return { ...x, data: x.data.map((value, place) => value * factor.data[Math.floor(place / pixels)]) };
}

const operations = {
  convolution: ([x], step) => convolution(x, step),
  dense: ([x], step) => dense(x, step),
  batchNorm: ([x], step) => batchNorm(x, step),
  activation: ([x], step) => activation(x, step),
  pool: ([x], step) => pool(x, step),
  globalPool: ([x], step) => globalPool(x, step),
  flatten: ([x]) => ({ channels: x.data.length, height: 1, width: 1, data: x.data }),
  add: ([a, b]) => ({ ...a, data: a.data.map((value, place) => value + b.data[place]) }),
  concatenate,
  multiply,
};

/// A network from its embedded form: every array of weights is a view of one block.
function makeNetwork({ input, mean, deviation, steps, weights }) {
  const block = new Float32Array(bytesOf(weights).buffer);
  const arrays = ["weights", "bias", "scale", "shift", "mean", "variance"];
  const ready = steps.map((step) => {
    const whole = { ...step };
    for (const name of arrays) {
      if (step[name]) whole[name] = block.subarray(step[name][0], step[name][0] + step[name][1]);
    }
    return whole;
  });
  const [channels, height, width] = input;

  /// Bytes `[H, W, C]` as the network's input.
  function normalized(pixels) {
    const x = valueOf(channels, height, width);
    for (let place = 0; place < pixels.length; place += 1) {
      const channel = place % channels;
      const target = channel * height * width + Math.floor(place / channels);
      x.data[target] = (pixels[place] / 255 - mean[channel]) / deviation[channel];
    }
    return x;
  }

  /// The logits of an image of bytes `[H, W, C]`.
  function logits(pixels) {
    const values = new Map([[-1, normalized(pixels)]]);
    for (const step of ready) {
      values.set(step.value, operations[step.operation](step.inputs.map((i) => values.get(i)), step));
    }
    return Array.from(values.get(ready.at(-1).value).data);
  }

  return { channels, height, width, logits };
}

function softmax(logits) {
  const largest = Math.max(...logits);
  const powers = logits.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
