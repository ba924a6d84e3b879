import JSON
import ReeveProtocol

/// A definition, read as far as that goes without looking up the zone at the end of a text.
struct Reading {
    var kind: Schedule.Kind
    /// Where the text stands, as a JSON Pointer below the schedule.
    var path = ""
    /// The zone at the end of a cron text.
    var zoneName: String?
    var hangsOnZone = false

    /// `zone` is the schedule's own where `isNamed`, else the host's.
    init(_ definition: ScheduleDefinition, zone: Zone, isNamed: Bool, _ hash: TaskHash) throws(InvalidValue) {
        switch definition.kind {
        case .once: kind = .once
        case .nextBoot: kind = .nextBoot
        case .everyBoot: kind = .everyBoot
        case .rate(let interval):
            kind = .rate(interval)
            path = "/rate"
            do { try RateText.check(interval) } catch { throw error.below("/rate") }
        case .at(let text):
            kind = .once
            path = "/at"
            do { try readAt(AtText(text), in: zone) } catch { throw error.below("/at") }
        case .cron(let text):
            kind = .once
            path = "/cron"
            do { try read(text, zone, isNamed, hash) } catch { throw error.below("/cron") }
        case .text(let text):
            kind = .once
            try read(text, zone, isNamed, hash)
        }
    }

    private mutating func read(
        _ text: String,
        _ zone: Zone,
        _ isNamed: Bool,
        _ hash: TaskHash
    ) throws(InvalidValue) {
        if RateText.isMeant(by: text) {
            kind = .rate(try RateText.period(text))
        } else if AtText.isMeant(by: text) {
            // As Cloud Assist reads it: UTC, whatever the host's zone is.
            try readAt(AtText(function: text), in: isNamed ? zone : .utc)
            hangsOnZone = hangsOnZone && isNamed
        } else {
            let cron = try CronText(text, hash)
            zoneName = cron.zoneName
            switch cron.meaning {
            case .everyBoot: kind = .everyBoot
            case .expression(let expression):
                kind = .cron(expression)
                hangsOnZone = true
            }
        }
    }

    private mutating func readAt(_ text: AtText, in zone: Zone) throws(InvalidValue) {
        let (time, isLocal) = try text.time(in: zone)
        kind = .at(time)
        hangsOnZone = isLocal
    }
}
