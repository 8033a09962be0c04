// From values to places: linear and logarithmic axes with ticks at round numbers.

/// About `count` round numbers from `low` to `high`.
function linearTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((s) => s >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    ticks.push(Number((k * step).toPrecision(12)));
  }
  return ticks;
}

/// 1, 2 and 5 times powers of ten, or powers alone where those are many.
function decadeTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high * 1.0001; power += 1) {
    for (const factor of [1, 2, 5]) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low * 0.9999 && tick <= high * 1.0001) ticks.push(tick);
    }
  }
  const tens = ticks.filter((tick) => Math.abs(Math.log10(tick) % 1) < 1e-6);
  return ticks.length > 7 && tens.length > 1 ? tens : ticks;
}

/// Values padded so that a single one, or equal ones, have a range.
function padded(values) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [low - Math.abs(low) * 0.1, low + Math.abs(low) * 0.1];
  return [low, high];
}

const isWide = (values) =>
  values.length > 1 && Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 8;

/// Values from 0 on, evenly.
function linearScale(values) {
  const high = padded([0, ...values])[1] * 1.06;
  return { isLog: false, ticks: linearTicks(0, high, 4), place: (value) => value / high };
}

/// Values above 0, by their logarithm where they are far apart.
function quantityScale(values) {
  if (isWide(values)) {
    const [low, high] = padded(values);
    return {
      isLog: true, ticks: decadeTicks(low / 1.15, high * 1.15),
      place: (value) => (Math.log(value) - Math.log(low / 1.15)) / Math.log((high / low) * 1.15 ** 2),
    };
  }
  return linearScale(values);
}

/// Percentages; by the logarithm of what is missing to 100 where runs come that near.
function accuracyScale(values) {
  const errors = values.map((value) => 100 - value);
  if (isWide(errors)) {
    const [low, high] = [Math.min(...errors) / 1.2, Math.min(Math.max(...errors) * 1.2, 100)];
    const place = (value) => (Math.log(high) - Math.log(100 - value)) / Math.log(high / low);
    const ticks = decadeTicks(low, high).map((error) => Number((100 - error).toPrecision(8)));
    return { isLog: true, ticks, place };
  }
  let [low, high] = padded(values);
  const room = (high - low) * 0.08;
  [low, high] = [Math.max(0, low - room), Math.min(100, high + room)];
  return {
    isLog: false, ticks: linearTicks(low, high, 4), place: (value) => (value - low) / (high - low),
  };
}

/// Whole epochs, as many as there is room for.
function epochTicks(first, last, count) {
  if (first === last) return [first];
  const ticks = linearTicks(first, last, count).filter(Number.isInteger);
  const gap = ticks.length > 1 ? ticks[1] - ticks[0] : last - first;
  return [first, ...ticks.filter((tick) => tick - first > gap / 2)];
}
