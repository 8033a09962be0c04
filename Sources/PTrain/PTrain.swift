// The library: what a program that trains and asks networks sees of ptrain.
// Descriptions of networks and data are their own modules' types; the rest of those stays inside.

@_exported import PTrainDatasets
import PTrainDiagnostics
@_exported import PTrainNetworks

#if Spreadsheet
  @_exported import PTrainSpreadsheet
#endif

/// What goes wrong: a kind, and one line that says what, where, what was expected and what was found.
public typealias PTrainError = Failure
