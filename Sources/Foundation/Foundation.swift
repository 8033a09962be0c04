// What every system has of Foundation: the small half of it where it comes in two.

#if canImport(FoundationEssentials)
  @_exported import FoundationEssentials
#else
  @_exported import Foundation
#endif
