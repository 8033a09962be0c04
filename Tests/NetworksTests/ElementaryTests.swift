// Elementary functions against the C library, with the error that their comments promise.
// On x86 the comparison is in 80 bits, so that the measured error is ours alone.

import Foundation
import Testing

@testable import PTrainNetworks

@Suite struct ElementaryTests {
  #if arch(x86_64)
    typealias Wide = Float80
  #else
    typealias Wide = Double
  #endif
  /// Units in the last place; a reference in Double adds an error of its own.
  static let unit: Wide = MemoryLayout<Wide>.size > 8 ? 1 : 2

  private func units(_ found: Double, _ exact: Wide) -> Wide {
    abs(Wide(found) - exact) / Wide(Double(exact).ulp)
  }

  private func evenly(_ range: ClosedRange<Double>, _ count: Int = 20_001) -> [Double] {
    (0..<count).map {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / Double(count - 1)
    }
  }

  @Test(arguments: [-708.0...709.7, -1...1, -1e-9...1e-9, 0.3465...0.3467])
  func exponential(range: ClosedRange<Double>) {
    let worst = evenly(range).map { units(Elementary.exp($0), Foundation.exp(Wide($0))) }.max()
    #expect(worst! <= Self.unit)
  }

  @Test(arguments: [1e-300...1e-290, 0.5...2, 0.999...1.001, 1...1e9, 1e300...1.7e308])
  func logarithm(range: ClosedRange<Double>) {
    let worst = evenly(range).map { units(Elementary.log($0), Foundation.log(Wide($0))) }.max()
    #expect(worst! <= Self.unit)
  }

  @Test(arguments: [-4...4.0, -1e-3...1e-3, 1_000_000...1_048_576, -1_048_576 ... -1_048_570])
  func sineAndCosine(range: ClosedRange<Double>) {
    for x in evenly(range) {
      #expect(abs(Wide(Elementary.sin(x)) - Foundation.sin(Wide(x))) <= 0x1p-52)
      #expect(abs(Wide(Elementary.cos(x)) - Foundation.cos(Wide(x))) <= 0x1p-52)
    }
  }

  @Test(arguments: [-1...1, 0.9...3.1, 1.49...1.51, 2.9...6.1, -6...6, -1e-9...1e-9])
  func errorFunction(range: ClosedRange<Double>) {
    let worst = evenly(range).map { units(Elementary.erf($0), Foundation.erf(Wide($0))) }.max()
    #expect(worst! <= 5 * Self.unit)
  }

  /// Abramowitz & Stegun, table 7.1, and the ends.
  @Test func knownValuesOfTheErrorFunction() {
    for (x, value) in [(0.5, 0.5204998778), (1, 0.8427007929), (2, 0.9953222650)] {
      #expect(abs(Elementary.erf(x) - value) < 5e-11 && Elementary.erf(-x) == -Elementary.erf(x))
    }
    #expect(Elementary.erf(0.0) == 0 && Elementary.erf(Double.nan).isNaN)
    #expect(Elementary.erf(Double.infinity) == 1 && Elementary.erf(-7.0) == -1)
    #expect(Elementary.erf(Float(0.5)) == 0.52049988)
  }

  @Test(arguments: [-1...1, 0.99...1.01, -20...20, -1e-9...1e-9])
  func hyperbolicTangent(range: ClosedRange<Double>) {
    let worst = evenly(range).map { units(Elementary.tanh($0), Foundation.tanh(Wide($0))) }.max()
    #expect(worst! <= 3 * Self.unit)
    #expect(Elementary.tanh(Double.infinity) == 1 && Elementary.tanh(-1e300) == -1)
    #expect(Elementary.tanh(0.0) == 0 && Elementary.tanh(Double.nan).isNaN)
  }

  @Test func floatsAreRoundedOnce() {
    for x in evenly(-80...80, 4_001).map(Float.init) {
      let exact = Foundation.exp(Wide(x))
      #expect(abs(Wide(Elementary.exp(x)) - exact) <= 0.5001 * Wide(Float(exact).ulp))
      let sine = Foundation.sin(Wide(x))
      #expect(abs(Wide(Elementary.sin(x)) - sine) <= 0.51 * Wide(Float(sine).ulp))
      if x > 0 {
        let log = Foundation.log(Wide(x))
        #expect(abs(Wide(Elementary.log(x)) - log) <= 0.51 * Wide(Float(log).ulp))
      }
    }
  }

  @Test func endsOfTheRange() {
    let least = Double.leastNonzeroMagnitude
    #expect(Elementary.exp(0.0) == 1 && Elementary.log(1.0) == 0)
    #expect(Elementary.sin(0.0) == 0 && Elementary.cos(0.0) == 1)
    #expect(Elementary.exp(710.0) == .infinity && Elementary.exp(Double.infinity) == .infinity)
    #expect(Elementary.exp(-746.0) == 0 && Elementary.exp(-Double.infinity) == 0)
    #expect(Elementary.exp(-745.0) == least && Elementary.exp(-720.0) > 0)
    #expect(Elementary.exp(709.7827) < .infinity)
    #expect(Elementary.log(0.0) == -.infinity && Elementary.log(Double.infinity) == .infinity)
    #expect(units(Elementary.log(least), Foundation.log(Wide(least))) <= Self.unit)
    #expect(Elementary.log(-1.0).isNaN && Elementary.log(Double.nan).isNaN)
    #expect(Elementary.exp(Double.nan).isNaN && Elementary.sin(Double.nan).isNaN)
    #expect(Elementary.sin(Double.infinity).isNaN && Elementary.cos(1e7).isNaN)
    #expect(Elementary.exp(Float(89)) == .infinity && Elementary.exp(Float(-104)) == 0)
  }

  @Test func powersBySquaring() {
    #expect(Elementary.power(0.9, 0) == 1 && Elementary.power(3, 5) == 243)
    let error = Elementary.power(0.999, 2_345) / Foundation.pow(0.999, 2_345) - 1
    #expect(abs(error) < 2_345 * 0x1p-53)
    #expect(Elementary.power(0.9, 1 << 40) == 0)
  }
}
