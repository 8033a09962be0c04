// The text of the sheet's formulas, and that they compute the numbers cached in their cells.
// A spreadsheet program repeats the second check on the finished workbook (Scripts).
import Testing

@testable import PTrainSpreadsheet

@Suite struct FormulaTests {
  @Test func firstRowHoldsNumbersWhereNothingIsComputed() {
    for column in Column.targets + Column.inputs + Column.weights {
      #expect(SheetLayout.formula(column, step: 0) == nil)
    }
  }

  @Test(arguments: [
    (Column.h1, 0, "=L4*J4+M4*K4"),
    (.hiddenActivation1, 0, "=1/(1+EXP(-P4))"),
    (.outputActivation2, 7, "=1/(1+EXP(-Z11))"),
    (.o2, 0, "=V4*Q4+W4*S4"),
    (.error1, 0, "=0.5*(H4-Y4)^2"),
    (.totalError, 299, "=AB303+AC303"),
    (.gradient5, 0, "=(Y4-H4)*(Y4*(1-Y4))*Q4"),
    (
      .gradient3, 1, "=((Y5-H5)*(Y5*(1-Y5))*U5+(AA5-I5)*(AA5*(1-AA5))*W5)*(S5*(1-S5))*J5"
    ),
    (.w1, 1, "=L4-$B$1*AE4"),
    (.w8, 50, "=W53-$B$1*AL53"),
    (.t1, 1, "=H4"),
  ])
  func formulaText(column: Column, step: Int, text: String) {
    #expect(SheetLayout.formula(column, step: step) == text)
  }

  @Test func columnLettersGoPastZ() {
    #expect(
      [0, 25, 26, 51, 52, 701, 702].map(SheetLayout.letters) == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA",
      ])
    #expect(SheetLayout.range(column: 6, steps: 300) == "$G$4:$G$303")
  }

  @Test(arguments: Column.allCases.filter { $0.expression != nil })
  func formulasComputeTheCachedNumbers(column: Column) throws {
    let expression = try #require(column.expression)
    for trajectory in try Experiment(iterations: 60).trajectories {
      for row in trajectory.rows {
        let value = try FormulaEvaluator.evaluate(expression, in: row)
        #expect(abs(value - row[column]) <= 1e-12 * abs(row[column]))
      }
    }
  }
}
