import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveScheduler

let zones = ZoneDatabase()

/// A time as the tables write it: `2013-01-01T00:00:05`, UTC unless an offset follows.
func time(_ text: String) throws -> Timestamp {
    let full = text.count == 10 ? text + "T00:00:00" : text
    return try #require(Timestamp(full) ?? Timestamp(full + "Z"), "\(text) is no time")
}

/// The slots that follow `from`, without the milliseconds and the Z.
func slots(_ text: String, from: String, count: Int, zone: String = "UTC") throws -> [String] {
    let schedule = try Schedule(text: text, hostZone: try zones.zone(named: zone), zones: zones)
    var now = try time(from)
    var result: [String] = []
    while result.count < count, let next = schedule.next(after: now, anchor: now) {
        result.append(next.description.replacing(".000Z", with: ""))
        now = next
    }
    return result
}

extension Schedule {
    /// For no task in particular.
    init(_ definition: ScheduleDefinition, hostZone: Zone, zones: ZoneDatabase) throws(InvalidValue) {
        try self.init(definition, hostZone: hostZone, zones: zones, hash: TaskHash(host: "", task: ""))
    }
}

/// What is wrong with a schedule.
func refusal(_ text: String, zone: Zone = .utc) -> InvalidValue? {
    do {
        _ = try Schedule(text: text, hostZone: zone, zones: zones)
        return nil
    } catch {
        return error
    }
}
