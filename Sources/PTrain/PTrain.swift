// The library: what a program that trains and asks networks sees of ptrain.
// Descriptions of networks and data are their own modules' types; the rest of those stays inside.

@_exported import Datasets
import Diagnostics
@_exported import Networks

#if Spreadsheet
  @_exported import Spreadsheet
#endif

/// What goes wrong: a kind, and one line that says what, where, what was expected and what was found.
public typealias PTrainError = Failure
