// Named tensors in one file, in the format of Hugging Face's safetensors: PyTorch reads what we
// write and the other way round. 8 bytes of header length (little-endian), a JSON header, data.

import PTrainDiagnostics

/// The content of a safetensors file: float32 tensors and a map of strings.
package struct Safetensors: Equatable, Sendable {
  package struct Tensor: Equatable, Sendable {
    package var name: String
    package var shape: [Int]
    /// Row-major, as many as the shape says.
    package var values: [Float]

    package init(name: String, shape: [Int], values: [Float]) {
      precondition(values.count == shape.reduce(1, *))
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// What `__metadata__` holds, in the order of writing; sorted by key after reading.
  package var metadata: [Entry]
  /// In the order of their data.
  package var tensors: [Tensor]

  package struct Entry: Equatable, Sendable {
    package var key: String
    package var value: String

    package init(_ key: String, _ value: String) {
      self.key = key
      self.value = value
    }
  }

  package init(metadata: [Entry] = [], tensors: [Tensor]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// A metadata value by key.
  package func value(of key: String) -> String? { metadata.first { $0.key == key }?.value }
}

extension Safetensors {
  /// The file's bytes; data starts at a multiple of 8.
  package var bytes: [UInt8] {
    var header = Array(JSONText.object(.init(headerFields)).text.utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes = [UInt8]()
    bytes.reserveCapacity(8 + header.count + 4 * tensors.reduce(0) { $0 + $1.values.count })
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes += header
    for tensor in tensors {
      tensor.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private var headerFields: [(key: String, value: JSONText)] {
    var fields: [(key: String, value: JSONText)] = []
    if !metadata.isEmpty {
      let entries = metadata.map { (key: $0.key, value: JSONText.string($0.value)) }
      fields.append((key: "__metadata__", value: .object(.init(entries))))
    }
    var offset = 0
    for tensor in tensors {
      let end = offset + 4 * tensor.values.count
      let field: JSONText = .object([
        "dtype": .string("F32"),
        "shape": .array(tensor.shape.map { .integer($0) }),
        "data_offsets": .array([.integer(offset), .integer(end)]),
      ])
      fields.append((key: tensor.name, value: field))
      offset = end
    }
    return fields
  }
}
