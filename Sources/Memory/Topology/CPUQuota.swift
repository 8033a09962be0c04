// How much CPU time the control groups of this process allow, as a number of CPUs.
// Containers limit time, not CPUs: 64 may be visible where only two may be used at once.

extension SystemFiles {
  /// The tightest quota of the process's group and the groups above it; nil without a limit.
  ///
  /// Groups of both versions count. A path that is not visible below the mount (a container that
  /// sees the host's path) leaves the groups that are, up to the root of the mount.
  func cpuQuota() -> Double? {
    let lines = (text("proc/self/cgroup") ?? "0::/").split(separator: "\n")
    return lines.compactMap { quota(ofGroupLine: $0) }.min()
  }

  /// `line` is `hierarchy:controllers:path`; hierarchy 0 is version 2.
  private func quota(ofGroupLine line: Substring) -> Double? {
    let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    guard fields.count == 3 else { return nil }
    if fields[0] == "0" && fields[1].isEmpty {
      return tightest(fields[2], mounts: ["", "/unified"], quota: quotaVersion2)
    }
    guard fields[1].split(separator: ",").contains("cpu") else { return nil }
    return tightest(fields[2], mounts: ["/\(fields[1])", "/cpu"], quota: quotaVersion1)
  }

  /// The least quota of the group at `path` and all above it, below any of the mounts.
  private func tightest(
    _ path: Substring, mounts: [String], quota: (String) -> Double?
  ) -> Double? {
    // A path with `..` leaves the mount: only the mount's own root can be read then.
    let names = path.split(separator: "/")
    let visible = names.contains("..") ? [] : names
    let groups = (0...visible.count).map { "/" + visible.prefix($0).joined(separator: "/") }
    return mounts.flatMap { mount in groups.compactMap { quota("sys/fs/cgroup\(mount)\($0)") } }
      .min()
  }

  /// `cpu.max`: microseconds or `max`, then the period.
  private func quotaVersion2(_ group: String) -> Double? {
    guard let fields = line("\(group)/cpu.max")?.split(separator: " "), fields.count == 2 else {
      return nil
    }
    return ratio(Int(fields[0]), Int(fields[1]))
  }

  private func quotaVersion1(_ group: String) -> Double? {
    ratio(integer("\(group)/cpu.cfs_quota_us"), integer("\(group)/cpu.cfs_period_us"))
  }

  /// Nil unless both are positive: -1 and `max` mean no limit.
  private func ratio(_ quota: Int?, _ period: Int?) -> Double? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return Double(quota) / Double(period)
  }
}
