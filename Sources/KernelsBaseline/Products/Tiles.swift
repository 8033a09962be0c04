// Register tiles: rows of accumulators that a product keeps in registers.
// Composed from types, since arrays of accumulators indexed at run time stay in memory.
import PTrainKernelTypes

/// One row of a tile: half a channel block, one, or two.
protocol TileRow {
  init()
  init(_ pointer: FloatPointer, _ column: Int)
  mutating func add(_ factor: Float, _ row: Self)
  func write(_ pointer: MutableFloatPointer, _ column: Int)
  func accumulate(_ pointer: MutableFloatPointer, _ column: Int)
}

/// The first 8 channels of a block that has no more; zeros stand behind them.
struct HalfRow: TileRow {
  var x = HalfLanes.zero

  @inline(__always) init() {}
  @inline(__always) init(_ pointer: FloatPointer, _ column: Int) { x = loadHalf(pointer) }
  @inline(__always) mutating func add(_ factor: Float, _ row: HalfRow) {
    x = multiplyAdd(HalfLanes(repeating: factor), row.x, x)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ column: Int) {
    storeHalf(pointer, x)
    storeHalf(pointer + lanes / 2, .zero)
  }
  @inline(__always) func accumulate(_ pointer: MutableFloatPointer, _ column: Int) {
    storeHalf(pointer, loadHalf(FloatPointer(pointer)) + x)
  }
}

struct SingleRow: TileRow {
  var x = Lanes.zero

  @inline(__always) init() {}
  @inline(__always) init(_ pointer: FloatPointer, _ column: Int) { x = load(pointer) }
  @inline(__always) mutating func add(_ factor: Float, _ row: SingleRow) {
    x = multiplyAdd(Lanes(repeating: factor), row.x, x)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ column: Int) {
    store(pointer, x)
  }
  @inline(__always) func accumulate(_ pointer: MutableFloatPointer, _ column: Int) {
    store(pointer, load(pointer) + x)
  }
}

struct DoubleRow: TileRow {
  var x = Lanes.zero
  var y = Lanes.zero

  @inline(__always) init() {}
  @inline(__always) init(_ pointer: FloatPointer, _ column: Int) {
    x = load(pointer)
    y = load(pointer + column)
  }
  @inline(__always) mutating func add(_ factor: Float, _ row: DoubleRow) {
    let factor = Lanes(repeating: factor)
    x = multiplyAdd(factor, row.x, x)
    y = multiplyAdd(factor, row.y, y)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ column: Int) {
    store(pointer, x)
    store(pointer + column, y)
  }
  @inline(__always) func accumulate(_ pointer: MutableFloatPointer, _ column: Int) {
    store(pointer, load(pointer) + x)
    store(pointer + column, load(pointer + column) + y)
  }
}

/// Rows of accumulators; `row` and `column` are strides in floats.
protocol Tile {
  associatedtype Row: TileRow
  static var rows: Int { get }
  init()
  mutating func add(_ factors: FloatPointer, _ stride: Int, _ row: Row)
  /// Overwrites with the sums.
  func write(_ pointer: MutableFloatPointer, _ row: Int, _ column: Int)
  /// Adds the sums to what is there.
  func accumulate(_ pointer: MutableFloatPointer, _ row: Int, _ column: Int)
}

struct Tile1<Row: TileRow>: Tile {
  var row = Row()

  @inline(__always) static var rows: Int { 1 }
  @inline(__always) init() {}
  @inline(__always) mutating func add(_ factors: FloatPointer, _ stride: Int, _ row: Row) {
    self.row.add(factors[0], row)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ row: Int, _ column: Int) {
    self.row.write(pointer, column)
  }
  @inline(__always) func accumulate(
    _ pointer: MutableFloatPointer, _ row: Int, _ column: Int
  ) {
    self.row.accumulate(pointer, column)
  }
}

/// One tile above another.
struct Stack<Upper: Tile, Lower: Tile>: Tile where Upper.Row == Lower.Row {
  var upper = Upper()
  var lower = Lower()

  @inline(__always) static var rows: Int { Upper.rows + Lower.rows }
  @inline(__always) init() {}
  @inline(__always) mutating func add(
    _ factors: FloatPointer, _ stride: Int, _ row: Upper.Row
  ) {
    upper.add(factors, stride, row)
    lower.add(factors + stride * Upper.rows, stride, row)
  }
  @inline(__always) func write(_ pointer: MutableFloatPointer, _ row: Int, _ column: Int) {
    upper.write(pointer, row, column)
    lower.write(pointer + row * Upper.rows, row, column)
  }
  @inline(__always) func accumulate(
    _ pointer: MutableFloatPointer, _ row: Int, _ column: Int
  ) {
    upper.accumulate(pointer, row, column)
    lower.accumulate(pointer + row * Upper.rows, row, column)
  }
}

typealias Tile2<Row: TileRow> = Stack<Tile1<Row>, Tile1<Row>>
typealias Tile3<Row: TileRow> = Stack<Tile2<Row>, Tile1<Row>>
typealias Tile4<Row: TileRow> = Stack<Tile2<Row>, Tile2<Row>>
typealias Tile5<Row: TileRow> = Stack<Tile4<Row>, Tile1<Row>>
typealias Tile6<Row: TileRow> = Stack<Tile4<Row>, Tile2<Row>>
typealias Tile7<Row: TileRow> = Stack<Tile4<Row>, Tile3<Row>>
typealias Tile8<Row: TileRow> = Stack<Tile4<Row>, Tile4<Row>>
typealias Tile9<Row: TileRow> = Stack<Tile8<Row>, Tile1<Row>>
typealias Tile10<Row: TileRow> = Stack<Tile8<Row>, Tile2<Row>>
typealias Tile11<Row: TileRow> = Stack<Tile8<Row>, Tile3<Row>>
typealias Tile12<Row: TileRow> = Stack<Tile8<Row>, Tile4<Row>>
typealias Tile13<Row: TileRow> = Stack<Tile8<Row>, Tile5<Row>>
typealias Tile14<Row: TileRow> = Stack<Tile8<Row>, Tile6<Row>>
typealias Tile16<Row: TileRow> = Stack<Tile8<Row>, Tile8<Row>>
typealias Tile18<Row: TileRow> = Stack<Tile14<Row>, Tile4<Row>>
typealias Tile21<Row: TileRow> = Stack<Tile14<Row>, Tile7<Row>>
typealias Tile25<Row: TileRow> = Stack<Tile14<Row>, Tile11<Row>>
typealias Tile28<Row: TileRow> = Stack<Tile14<Row>, Tile14<Row>>
