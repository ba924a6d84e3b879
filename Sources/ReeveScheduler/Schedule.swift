package import JSON
package import ReeveProtocol

/// When a task is due: arithmetic alone, without a clock.
///
/// A slot is a point in time at which the task is due. The slots of a schedule are a function of its text, of the
/// zone files, and of the anchor: the time of the put that made the task's revision.
package struct Schedule: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case cron(CronExpression)
        case rate(Interval)
        case at(Timestamp)
        case once
        case nextBoot
        case everyBoot

        var repeats: Bool {
            switch self {
            case .cron, .rate: true
            case .at, .once, .nextBoot, .everyBoot: false
            }
        }
    }

    /// The zone in which an expression is read and in which its times are shown.
    package let zone: Zone
    let kind: Kind
    /// Whether the slots hang on zone files or on the host's zone, so that a change of those moves them.
    package let isZoned: Bool
    /// Where its text stands, as a JSON Pointer below the schedule.
    private let path: String
    /// The first and the last time at which a slot may be.
    let from: Timestamp?
    let until: Timestamp?
    /// How many runs it makes in all.
    package let maxRuns: Int?

    /// Reads a schedule as it was written.
    ///
    /// - Parameters:
    ///   - hostZone: what holds where the schedule names no zone, ``ZoneDatabase/hostZone(named:)``.
    ///   - zones: where other zones are read from.
    ///   - hash: what `H` stands for in an expression.
    /// - Throws: the first thing that is wrong, at a path below the schedule: `/cron`, `/timeZone`, `""` for a text.
    package init(
        _ definition: ScheduleDefinition,
        hostZone: Zone,
        zones: ZoneDatabase,
        hash: TaskHash
    ) throws(InvalidValue) {
        let named = try Self.zone(definition.timeZone, zones)
        let reading = try Reading(definition, zone: named ?? hostZone, isNamed: named != nil, hash)
        if let trailing = reading.zoneName, named != nil {
            throw InvalidValue(
                path: reading.path,
                reason: "names the time zone \"\(trailing)\", but timeZone is given too",
                hint: "leave one of them out",
                cause: ScheduleCause.invalidCronExpression.rawValue
            )
        }
        var zone = named ?? hostZone
        if let trailing = reading.zoneName {
            do {
                zone = try zones.zone(named: trailing)
            } catch {
                throw error.below(reading.path).caused(by: .unknownTimeZone)
            }
        }
        self.zone = zone
        kind = reading.kind
        path = reading.path
        do {
            let from = try Self.bound(definition.from, "/from", reading.kind, zone)
            let until = try Self.bound(definition.until, "/until", reading.kind, zone)
            (self.from, self.until) = (from?.time, until?.time)
            isZoned = reading.hangsOnZone || from?.isLocal ?? false || until?.isLocal ?? false
            maxRuns = definition.maxRuns
            try Self.checkLimits(definition, reading.kind, from?.time, until?.time)
        } catch {
            throw error.caused(by: .invalidScheduleLimit)
        }
    }

    private static func checkLimits(
        _ definition: ScheduleDefinition,
        _ kind: Kind,
        _ from: Timestamp?,
        _ until: Timestamp?
    ) throws(InvalidValue) {
        if let from, let until, until < from {
            throw InvalidValue(
                path: "/until",
                reason: "is before from",
                expected: "a time after \(definition.from ?? "")"
            )
        }
        if let maxRuns = definition.maxRuns {
            try check(kind, repeatsFor: "/maxRuns")
            guard maxRuns > 0 else {
                throw InvalidValue(path: "/maxRuns", reason: "\(maxRuns) is out of range", expected: "at least 1")
            }
        }
        if let jitter = definition.jitter?.maximum, jitter < .zero || jitter > .days(1) {
            throw InvalidValue(path: "/jitter", reason: "\(jitter) is out of range", expected: "0s to 1d")
        }
    }

    /// What ends a schedule is for one that is due more than once.
    private static func check(_ kind: Kind, repeatsFor path: String) throws(InvalidValue) {
        guard !kind.repeats else { return }
        throw InvalidValue(path: path, reason: "belongs to cron and rate only", hint: "leave it out")
    }

    private static func bound(
        _ text: String?,
        _ path: String,
        _ kind: Kind,
        _ zone: Zone
    ) throws(InvalidValue) -> (time: Timestamp, isLocal: Bool)? {
        guard let text else { return nil }
        try check(kind, repeatsFor: path)
        do {
            return try AtText(text).time(in: zone)
        } catch {
            throw error.below(path)
        }
    }

    /// For lists and tests: the same without a definition around it.
    package init(text: String, hostZone: Zone = .utc, zones: ZoneDatabase) throws(InvalidValue) {
        let hash = TaskHash(host: "", task: "")
        try self.init(ScheduleDefinition(.text(text)), hostZone: hostZone, zones: zones, hash: hash)
    }

    private static func zone(_ name: String?, _ zones: ZoneDatabase) throws(InvalidValue) -> Zone? {
        guard let name else { return nil }
        do {
            return try zones.zone(named: name)
        } catch {
            throw error.below("/timeZone").caused(by: .unknownTimeZone)
        }
    }
}

extension Schedule {
    /// Why it cannot be put at `now` although it is well written: its time is in the past, or it is never due (again).
    package func problem(now: Timestamp) -> InvalidValue? {
        if let until, next(after: now, anchor: now) == nil {
            let reason =
                until < now ? "\(zone.localText(of: until)) is in the past" : "it is never due from now until then"
            let expected = "a time later than when it is due"
            return InvalidValue(path: "/until", reason: reason, expected: expected).caused(by: .untilExpired)
        }
        switch kind {
        case .at(let time) where time < now:
            return InvalidValue(
                path: path,
                reason: "\(zone.localText(of: time)) is in the past",
                expected: "a time from \(zone.localText(of: now)) on"
            ).caused(by: .atExpressionExpired)
        case .cron where next(after: now, anchor: now) == nil:
            let last = previous(before: now, anchor: now).map { "; the last time was \(zone.localText(of: $0))" }
            return InvalidValue(
                path: path,
                reason: last.map { "is never due again" + $0 } ?? "is never due: no year has such a day",
                expected: "an expression that is due at least once from now on and before 2100"
            ).caused(by: last == nil ? .cronExpressionNeverDue : .cronExpressionExpired)
        default: return nil
        }
    }

    /// Whether `H` stands in the expression: in another task, or on another host, it has other times.
    package var isHashed: Bool {
        if case .cron(let expression) = kind { expression.isHashed } else { false }
    }

    /// Due by time, and more than once.
    package var repeats: Bool { kind.repeats }

    /// Due by the host's start, not by a time: these have no slots of their own.
    package var isBoot: Bool {
        switch kind {
        case .nextBoot, .everyBoot: true
        default: false
        }
    }

    /// Due at one start of the host only, not at each.
    package var isNextBoot: Bool { kind == .nextBoot }

    /// What becomes of missed slots unless the task says otherwise: those of a cron expression are skipped, a rate and
    /// a single time are made up for once.
    package var defaultMissed: MissedPolicy {
        if case .cron = kind { return .skip }
        return .once
    }

    /// How long past its time a slot may still start unless the task says otherwise; `nil`: however long.
    ///
    /// With `missed: skip` it is half the period, at least a second and at most an hour; the period is the time to the
    /// slot after it.
    package func defaultStartBy(_ missed: MissedPolicy, slot: Timestamp, anchor: Timestamp) -> Interval? {
        guard missed == .skip else { return nil }
        guard let after = unboundedNext(after: slot, anchor: anchor) else { return .hours(1) }
        return max(.seconds(1), min(Interval(milliseconds: after.since(slot).milliseconds / 2), .hours(1)))
    }
}
