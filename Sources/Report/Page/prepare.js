// From any picture to the network's pixels: resized, or centred as MNIST's digits were.
// A picture is `{ width, height, channels, data }` with values from 0 to 255, `[H, W, C]`.

/// For each of `count` outputs of a span: the first input and the weights of those that it averages.
/// Shrinking averages areas, enlarging interpolates.
function spans(start, length, count, size) {
  const step = length / count;
  return Array.from({ length: count }, (_, output) => {
    if (step < 1) {
      const centre = Math.min(Math.max(start + (output + 0.5) * step - 0.5, 0), size - 1);
      const first = Math.min(Math.floor(centre), Math.max(size - 2, 0));
      return { first, weights: size < 2 ? [1] : [1 - (centre - first), centre - first] };
    }
    const [from, to] = [start + output * step, start + (output + 1) * step];
    const first = Math.max(Math.floor(from), 0);
    const end = Math.max(Math.min(Math.ceil(to - 1e-9), size), first + 1);
    const weights = [];
    for (let input = first; input < end; input += 1) {
      weights.push((Math.min(to, input + 1) - Math.max(from, input)) / step);
    }
    return { first, weights };
  });
}

/// A box of a picture at another size.
function resample(picture, box, width, height) {
  const { channels } = picture;
  const columns = spans(box.left, box.width, width, picture.width);
  const rows = spans(box.top, box.height, height, picture.height);
  const wide = new Float64Array(picture.height * width * channels);
  for (let y = 0; y < picture.height; y += 1) {
    columns.forEach(({ first, weights }, x) => {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        weights.forEach((weight, k) => {
          sum += weight * picture.data[(y * picture.width + first + k) * channels + channel];
        });
        wide[(y * width + x) * channels + channel] = sum;
      }
    });
  }
  const data = new Float64Array(height * width * channels);
  rows.forEach(({ first, weights }, y) => {
    for (let place = 0; place < width * channels; place += 1) {
      let sum = 0;
      weights.forEach((weight, k) => { sum += weight * wide[(first + k) * width * channels + place]; });
      data[y * width * channels + place] = sum;
    }
  });
  return { width, height, channels, data };
}

const wholeBox = (picture) => ({ left: 0, top: 0, width: picture.width, height: picture.height });

/// The smallest box around everything that is brighter than the ground; null for an empty picture.
function inkBox({ width, height, data }) {
  const threshold = 32;
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[y * width + x] < threshold) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function centreOfMass({ width, data }) {
  let [mass, x, y] = [0, 0, 0];
  data.forEach((value, place) => {
    mass += value;
    x += value * ((place % width) + 0.5);
    y += value * (Math.floor(place / width) + 0.5);
  });
  return { x: x / mass, y: y / mass };
}

/// As MNIST's digits were made (LeCun et al. 1998): the ink fitted into a box of 20 x 20, its centre of
/// mass at the middle of 28 x 28; other sizes in proportion.
function centredDigit(picture, width, height) {
  const data = new Float64Array(width * height);
  const box = inkBox(picture);
  if (!box) return { width, height, channels: 1, data };
  const scale = Math.min((width * 20) / 28 / box.width, (height * 20) / 28 / box.height);
  const digit = resample(
    picture, box, Math.max(1, Math.round(box.width * scale)), Math.max(1, Math.round(box.height * scale)));
  const centre = centreOfMass(digit);
  const [left, top] = [Math.round(width / 2 - centre.x), Math.round(height / 2 - centre.y)];
  digit.data.forEach((value, place) => {
    const [x, y] = [left + (place % digit.width), top + Math.floor(place / digit.width)];
    if (x >= 0 && x < width && y >= 0 && y < height) data[y * width + x] = value;
  });
  return { width, height, channels: 1, data };
}

/// Pixels of a canvas as a picture with one or three channels; grey is ITU-R BT.601's.
function pictureOf({ width, height, data }, channels) {
  const values = new Float64Array(width * height * channels);
  for (let place = 0; place < width * height; place += 1) {
    const colours = data.subarray(4 * place, 4 * place + 3);
    if (channels === 1) values[place] = greyOf(colours);
    else values.set(colours, 3 * place);
  }
  return { width, height, channels, data: values };
}

const inverted = (picture) => ({ ...picture, data: picture.data.map((value) => 255 - value) });

/// The mean of a picture's edge, a value a channel: what would lie around it.
function edgeMean({ width, height, channels, data }) {
  const sums = Array(channels).fill(0);
  let count = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (x > 0 && y > 0 && x < width - 1 && y < height - 1) continue;
      for (let channel = 0; channel < channels; channel += 1) {
        sums[channel] += data[(y * width + x) * channels + channel];
      }
      count += 1;
    }
  }
  return sums.map((sum) => sum / count);
}

const greyOf = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue;

const asBytes = ({ data }) => Uint8Array.from(data, (value) => Math.min(255, Math.max(0, Math.round(value))));
