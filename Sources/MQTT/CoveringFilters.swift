/// For MQTT 3.1.1, whose deliveries do not tell which subscription they are for, and whose brokers may deliver a message
/// once for every overlapping subscription (§3.3.5): filters of which no two match a common topic.
public enum CoveringFilters {
  /// The smallest filters that match everything the given ones match and do not overlap. They may match more: what
  /// no route wants is for the receiver to drop.
  /// - Returns: the filters, sorted by their text.
  public static func of(_ filters: some Sequence<TopicFilter>) -> [TopicFilter] {
    var disjoint: [[Substring]] = []
    for filter in filters {
      var candidate = levels(of: filter)
      while let other = disjoint.firstIndex(where: { overlap(candidate[...], $0[...], atStart: true) }) {
        candidate = cover(candidate, disjoint.remove(at: other))
      }
      disjoint.append(candidate)
    }
    return disjoint.compactMap { try? TopicFilter($0.joined(separator: "/")) }.sorted { $0.text < $1.text }
  }

  private static func levels(of filter: TopicFilter) -> [Substring] {
    filter.text.split(separator: "/", omittingEmptySubsequences: false)
  }

  /// Whether some topic matches both.
  private static func overlap(_ left: ArraySlice<Substring>, _ right: ArraySlice<Substring>, atStart: Bool) -> Bool {
    guard let leftLevel = left.first else { return right.isEmpty || right.first == "#" }
    guard let rightLevel = right.first else { return leftLevel == "#" }
    let leftIsWild = leftLevel == "#" || leftLevel == "+"
    let rightIsWild = rightLevel == "#" || rightLevel == "+"
    if atStart {
      if leftIsWild, !rightIsWild, rightLevel.utf8.first == .dollar { return false }
      if rightIsWild, !leftIsWild, leftLevel.utf8.first == .dollar { return false }
    }
    if leftLevel == "#" || rightLevel == "#" { return true }
    guard leftIsWild || rightIsWild || leftLevel == rightLevel else { return false }
    return overlap(left.dropFirst(), right.dropFirst(), atStart: false)
  }

  /// The least general filter above two that overlap.
  private static func cover(_ left: [Substring], _ right: [Substring]) -> [Substring] {
    var result: [Substring] = []
    for index in 0..<max(left.count, right.count) {
      guard index < left.count, index < right.count, left[index] != "#", right[index] != "#" else {
        return result + ["#"]
      }
      result.append(left[index] == right[index] ? left[index] : "+")
    }
    return result
  }
}
