// An array of numpy's as labels or as images, whatever its type, byte order and memory order.

import PTrainDiagnostics
import PTrainMemory

/// The elements of a .npy array as they lie in the file.
struct NPYArray {
  let header: NPYHeader
  /// `header.size` bytes an element.
  let elements: ByteStore
  /// Names the array in errors.
  let name: String

  /// Most bytes of an array.
  static let byteLimit = 1 << 34

  /// Reads an array; throws `.badData` for anything but a complete one of numbers.
  init(
    from reader: inout some ByteReader, name: String, byteLimit: Int = NPYArray.byteLimit
  ) throws(Failure) {
    let header = try NPYHeader(from: &reader, name: name)
    guard header.shape.allSatisfy({ $0 > 0 }) else {
      throw Failure(.badData, "\(name): of shape \(header.shapeText); holds nothing")
    }
    var byteCount = header.size
    for extent in header.shape {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= byteLimit else {
        throw Failure(
          .badData,
          "\(name): \(header.shapeText) elements of \(header.size) bytes; at most \(byteLimit) bytes are read"
        )
      }
      byteCount = product
    }
    guard byteCount <= reader.mostRemaining else {
      throw Failure(
        .badData,
        "\(name): \(header.shapeText) elements of \(header.size) bytes, at most \(reader.mostRemaining) bytes follow; save it again"
      )
    }
    let elements = try ByteStore(capacity: byteCount) { (buffer) throws(Failure) in
      try reader.read(into: buffer)
    }
    guard elements.count == byteCount, try reader.read(1).isEmpty else {
      throw Failure(
        .badData,
        "\(name): \(header.shapeText) elements of \(header.size) bytes, another number of bytes follows; save it again"
      )
    }
    self.header = header
    self.elements = elements
    self.name = name
  }

  /// Elements from one to the next along each axis.
  private var strides: [Int] {
    var (strides, step) = ([Int](repeating: 0, count: header.shape.count), 1)
    let axes = header.isFortran ? Array(header.shape.indices) : header.shape.indices.reversed()
    for axis in axes {
      strides[axis] = step
      step *= header.shape[axis]
    }
    return strides
  }

  // MARK: Labels

  /// Labels of shape N or N x 1.
  func labels() throws(Failure) -> [UInt16] {
    guard header.shape.count == 1 || (header.shape.count == 2 && header.shape[1] == 1) else {
      throw Failure(
        .badData, "\(name): labels of shape \(header.shapeText); expected one number a sample")
    }
    let values = self.values
    var labels: [UInt16] = []
    labels.reserveCapacity(header.shape[0])
    for sample in 0..<header.shape[0] {
      let value = values.number(at: sample)
      guard value >= 0, value < Double(labelLimit), value == value.rounded() else {
        throw Failure(
          .badData,
          "\(name): sample \(sample) has label \(value); expected a whole number from 0 to \(labelLimit - 1)"
        )
      }
      labels.append(UInt16(value))
    }
    return labels
  }

  // MARK: Images

  /// Where the axes of images stand in the array.
  struct Layout: Equatable {
    var height: Int
    var width: Int
    var channels: Int
    /// Elements from one to the next: samples, rows, columns, channels.
    var strides: (sample: Int, row: Int, column: Int, channel: Int)

    static func == (a: Layout, b: Layout) -> Bool {
      (a.height, a.width, a.channels) == (b.height, b.width, b.channels) && a.strides == b.strides
    }
  }

  /// `[N, T]` and `[N, T, C]` are signals, C x T x 1; `[N, H, W]`, `[N, C, H, W]` and `[N, H, W, C]`
  /// images; C is 1 or 3.
  func layout() throws(Failure) -> Layout {
    let (shape, steps) = (header.shape, strides)
    let isColour = { [1, 3].contains(shape[$0]) }
    switch shape.count {
    case 2:
      return Layout(height: shape[1], width: 1, channels: 1, strides: (steps[0], steps[1], 0, 0))
    case 3 where isColour(2):
      return Layout(
        height: shape[1], width: 1, channels: shape[2], strides: (steps[0], steps[1], 0, steps[2]))
    case 3:
      return Layout(
        height: shape[1], width: shape[2], channels: 1, strides: (steps[0], steps[1], steps[2], 0))
    case 4 where isColour(1):
      return Layout(
        height: shape[2], width: shape[3], channels: shape[1],
        strides: (steps[0], steps[2], steps[3], steps[1]))
    case 4 where isColour(3):
      return Layout(
        height: shape[1], width: shape[2], channels: shape[3],
        strides: (steps[0], steps[1], steps[2], steps[3]))
    default:
      throw Failure(
        .badData,
        "\(name): images of shape \(header.shapeText); expected samples x height x width, with 1 or 3 channels before or behind these, or signals of samples x time"
      )
    }
  }

  /// Whether every element is a whole number from 0 to 255 of an integer type.
  var holdsBytes: Bool {
    switch (header.kind, header.size) {
    case (.boolean, _), (.unsigned, 1): true
    case (.float, _): false
    default:
      {
        let values = self.values
        return (0..<elements.count / header.size).allSatisfy {
          (0...255).contains(values.number(at: $0))
        }
      }()
    }
  }

  /// The images `[N, height, width, channels]`; bytes only where the array holds such.
  func images(_ layout: Layout, as type: PixelType) throws(Failure) -> ByteStore {
    let count = header.shape[0]
    let values = self.values
    return try ByteStore(capacity: elements.count / header.size * type.size) { target in
      var place = 0
      for sample in 0..<count {
        for row in 0..<layout.height {
          for column in 0..<layout.width {
            var source =
              sample * layout.strides.sample + row * layout.strides.row
              + column * layout.strides.column
            for _ in 0..<layout.channels {
              if type == .byte {
                target[place] = values.byte(at: source)
              } else {
                target.storeBytes(
                  of: values.float(at: source), toByteOffset: 4 * place, as: Float.self)
              }
              place += 1
              source += layout.strides.channel
            }
          }
        }
      }
      return target.count
    }
  }

  private var values: NPYValues { NPYValues(header, elements) }
}

/// Labels are below this.
let labelLimit = 65_535

/// Elements as numbers.
private struct NPYValues {
  private let base: UnsafeRawPointer
  private let kind: NPYHeader.Kind
  private let size: Int
  private let isSwapped: Bool
  /// Keeps what `base` points to.
  private let elements: ByteStore

  init(_ header: NPYHeader, _ elements: ByteStore) {
    base = UnsafeRawPointer(elements.base)
    (kind, size, isSwapped) = (header.kind, header.size, header.isBigEndian)
    self.elements = elements
  }

  /// The bits of an element, in the lowest of the word.
  @inline(__always)
  private func bits(at place: Int) -> UInt64 {
    let address = base + place * size
    switch size {
    case 1: return UInt64(address.load(as: UInt8.self))
    case 2:
      let value = address.load(as: UInt16.self)
      return UInt64(isSwapped ? value.byteSwapped : value)
    case 4:
      let value = address.load(as: UInt32.self)
      return UInt64(isSwapped ? value.byteSwapped : value)
    default:
      let value = address.load(as: UInt64.self)
      return isSwapped ? value.byteSwapped : value
    }
  }

  /// An integer's lowest byte.
  @inline(__always)
  func byte(at place: Int) -> UInt8 { UInt8(truncatingIfNeeded: bits(at: place)) }

  /// The nearest Double: integers beyond 2^53 are rounded.
  @inline(__always)
  func number(at place: Int) -> Double {
    let bits = bits(at: place)
    switch (kind, size) {
    case (.float, 2): return Double(Float(halfBits: UInt16(bits)))
    case (.float, 4): return Double(Float(bitPattern: UInt32(bits)))
    case (.float, _): return Double(bitPattern: bits)
    case (.signed, 1): return Double(Int8(truncatingIfNeeded: bits))
    case (.signed, 2): return Double(Int16(truncatingIfNeeded: bits))
    case (.signed, 4): return Double(Int32(truncatingIfNeeded: bits))
    case (.signed, _): return Double(Int64(bitPattern: bits))
    default: return Double(bits)
    }
  }

  /// The nearest Float; infinite where it is too large for one.
  @inline(__always)
  func float(at place: Int) -> Float {
    kind == .float && size == 4
      ? Float(bitPattern: UInt32(bits(at: place))) : Float(number(at: place))
  }
}

extension Float {
  /// The value of IEEE 754's binary16.
  init(halfBits: UInt16) {
    let sign: Float = halfBits & 0x8000 == 0 ? 1 : -1
    let (exponent, fraction) = (Int(halfBits >> 10 & 31), Float(halfBits & 1023))
    switch exponent {
    case 0: self = sign * fraction * 0x1p-24
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    default:
      self = sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }
}
