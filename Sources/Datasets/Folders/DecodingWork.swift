// What the threads of one decoding share: the files still to do, the place of each image, what happened.

import Glibc
import PTrainDiagnostics
import PTrainImageFiles
import Synchronization

/// Memory with a place for each image; threads write to different places.
struct ImageSlots: @unchecked Sendable {
  /// What every image must be.
  struct Shape: Sendable {
    var height: Int
    var width: Int
    var channels: Int

    var byteCount: Int { height * width * channels }
  }

  let shape: Shape
  private let base: UnsafeMutableRawPointer

  init(_ base: UnsafeMutableRawPointer, _ shape: Shape) {
    self.base = base
    self.shape = shape
  }

  /// Copies an image of the shape to its place.
  func store(_ image: DecodedImage, at index: Int) {
    precondition(image.bytes.count == shape.byteCount)
    image.bytes.withUnsafeBytes {
      (base + index * shape.byteCount).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
    }
  }

  /// Moves the images together, over the places of files that are none; returns their bytes.
  func closeGaps(_ outcomes: [DecodedFiles.Outcome]) -> Int {
    var end = 0
    for (index, outcome) in outcomes.enumerated() where outcome == .image {
      let start = index * shape.byteCount
      if start != end { memmove(base + end, base + start, shape.byteCount) }
      end += shape.byteCount
    }
    return end
  }
}

/// What the threads of one decoding share.
final class DecodingWork: Sendable {
  enum Reason: Sendable {
    case failure(Failure)
    case size
    case colors
  }

  struct Stop: Sendable {
    let index: Int
    let reason: Reason
  }

  private struct Notes {
    var stop: Stop?
    var outcomes: [DecodedFiles.Outcome]
    var reasons: [Int: String] = [:]
  }

  private let fileCount: Int
  private let next = Atomic<Int>(0)
  private let done = Atomic<Int>(0)
  /// Files from this one on need not be looked at.
  private let end: Atomic<Int>
  private let notes: Mutex<Notes>

  init(fileCount: Int) {
    self.fileCount = fileCount
    end = Atomic(fileCount)
    notes = Mutex(Notes(outcomes: Array(repeating: .image, count: fileCount)))
  }

  var doneCount: Int { done.load(ordering: .relaxed) }
  var stop: Stop? { notes.withLock { $0.stop } }
  var outcomes: [DecodedFiles.Outcome] { notes.withLock { $0.outcomes } }
  var reasons: [String] {
    notes.withLock { notes in notes.reasons.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// Runs `body` for the next `count` files; false where none are left.
  func takeNext(_ count: Int, _ body: (Int) -> Void) -> Bool {
    let first = next.add(count, ordering: .relaxed).oldValue
    guard first < end.load(ordering: .relaxed) else { return false }
    for index in first..<min(first + count, fileCount) where index < end.load(ordering: .relaxed) {
      body(index)
    }
    done.add(count, ordering: .relaxed)
    return true
  }

  func note(_ index: Int, _ outcome: DecodedFiles.Outcome, _ reason: String? = nil) {
    notes.withLock { notes in
      notes.outcomes[index] = outcome
      if let reason { notes.reasons[index] = reason }
    }
  }

  /// Ends the work at the first of the files with which this happens.
  func stop(_ index: Int, _ reason: Reason) {
    end.min(index, ordering: .relaxed)
    notes.withLock { notes in
      if index < notes.stop?.index ?? .max { notes.stop = Stop(index: index, reason: reason) }
    }
  }
}
