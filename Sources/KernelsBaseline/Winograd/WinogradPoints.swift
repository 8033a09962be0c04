// The one-dimensional transforms of F(4,3) and F(2,3) at the points 0, 1, -1, ∞ | 2, -2.
// A tile of 2 shares the weights of a tile of 4: its input is rescaled by 4, -3, -3, 1 instead.
import PTrainKernelTypes

/// Six values along an axis, in the order of the points 0, 1, -1, ∞, 2, -2 or of the pixels.
typealias Six = (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)
typealias Four = (Lanes, Lanes, Lanes, Lanes)

@inline(__always) private func times(_ a: Lanes, _ factor: Float, plus b: Lanes) -> Lanes {
  multiplyAdd(a, Lanes(repeating: factor), b)
}

/// `Bᵀ d` of six inputs.
@inline(__always) func inputPoints(_ d: Six) -> Six {
  let p = times(d.2, -4, plus: d.4)
  let q = times(d.1, -4, plus: d.3)
  let r = d.4 - d.2
  let s = d.3 - d.1
  return (
    times(d.0, 4, plus: times(d.2, -5, plus: d.4)), p + q, p - q,
    times(d.1, 4, plus: times(d.3, -5, plus: d.5)), times(s, 2, plus: r), times(s, -2, plus: r)
  )
}

/// The first four points of a tile of 2.
@inline(__always) func inputPoints(_ d: Four) -> Four {
  ((d.0 - d.2) * 4, (d.1 + d.2) * -3, (d.1 - d.2) * 3, d.3 - d.1)
}

/// `Aᵀ m`: four outputs of six products.
@inline(__always) func outputs(_ m: Six) -> Four {
  let s = m.1 + m.2
  let d = m.1 - m.2
  let t = m.4 + m.5
  let e = m.4 - m.5
  return (
    m.0 + (s + t), times(e, 2, plus: d), times(t, 4, plus: s), times(e, 8, plus: d) + m.3
  )
}

/// Two outputs of four products.
@inline(__always) func outputs(_ m: Four) -> (Lanes, Lanes) {
  (m.0 + (m.1 + m.2), (m.1 - m.2) + m.3)
}

/// `A g`, the adjoint of `outputs`: gradients of six products.
@inline(__always) func productGradients(_ g: Four) -> Six {
  let e = g.0 + g.2
  let o = g.1 + g.3
  let f = times(g.2, 4, plus: g.0)
  let p = times(g.3, 4, plus: g.1)
  return (g.0, e + o, e - o, g.3, times(p, 2, plus: f), times(p, -2, plus: f))
}

@inline(__always) func productGradients(_ g: (Lanes, Lanes)) -> Four {
  (g.0, g.0 + g.1, g.0 - g.1, g.1)
}

/// `B v`, the adjoint of `inputPoints`: gradients of six inputs.
@inline(__always) func inputGradients(_ v: Six) -> Six {
  let s = v.1 + v.2
  let d = v.1 - v.2
  let t = v.4 + v.5
  let e = v.4 - v.5
  return (
    v.0 * 4, times(e, -2, plus: (v.3 - d) * 4),
    times(v.0, -5, plus: times(s, -4, plus: Lanes.zero - t)),
    times(e, 2, plus: times(v.3, -5, plus: d)), v.0 + (s + t), v.3
  )
}

@inline(__always) func inputGradients(_ v: Four) -> Four {
  let a = v.0 * 4
  return (
    a, times(v.1 - v.2, -3, plus: Lanes.zero - v.3), times(v.1 + v.2, -3, plus: Lanes.zero - a),
    v.3
  )
}

/// `G w` of three weights.
@inline(__always) func weightPoints(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Six {
  let s = a + c
  let p = times(a, 1 / 24, plus: c * (1 / 6))
  let q = b * (1 / 12)
  return (a * 0.25, (s + b) * (-1 / 6), (s - b) * (-1 / 6), c, p + q, p - q)
}

/// `Gᵀ u`, the adjoint of `weightPoints`.
@inline(__always) func weightGradients(_ u: Six) -> (Lanes, Lanes, Lanes) {
  let s = (u.1 + u.2) * (-1 / 6)
  let t = u.4 + u.5
  return (
    times(u.0, 0.25, plus: times(t, 1 / 24, plus: s)),
    times(u.4 - u.5, 1 / 12, plus: (u.1 - u.2) * (-1 / 6)), times(t, 1 / 6, plus: s) + u.3
  )
}

/// Six vectors `stride` floats apart.
@inline(__always) func loadSix(_ p: FloatPointer, _ stride: Int) -> Six {
  (
    load(p), load(p + stride), load(p + 2 * stride), load(p + 3 * stride), load(p + 4 * stride),
    load(p + 5 * stride)
  )
}

@inline(__always) func loadFour(_ p: FloatPointer, _ stride: Int) -> Four {
  (load(p), load(p + stride), load(p + 2 * stride), load(p + 3 * stride))
}

@inline(__always) func storeSix(_ p: MutableFloatPointer, _ stride: Int, _ v: Six) {
  storeFour(p, stride, (v.0, v.1, v.2, v.3))
  store(p + 4 * stride, v.4)
  store(p + 5 * stride, v.5)
}

@inline(__always) func storeFour(_ p: MutableFloatPointer, _ stride: Int, _ v: Four) {
  store(p, v.0)
  store(p + stride, v.1)
  store(p + 2 * stride, v.2)
  store(p + 3 * stride, v.3)
}
