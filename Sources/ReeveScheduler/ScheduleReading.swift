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
            do { try RateText.check(interval) } catch { throw error.below("/rate").caused(by: .invalidRateExpression) }
        case .at(let text):
            kind = .once
            path = "/at"
            do { try readAt(AtText(text), in: zone) } catch {
                throw error.below("/at").caused(by: .invalidAtExpression)
            }
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
            do { kind = .rate(try RateText.period(text)) } catch { throw error.caused(by: .invalidRateExpression) }
        } else if AtText.isMeant(by: text) {
            // As Cloud Assist reads it: UTC, whatever the host's zone is.
            do {
                try readAt(AtText(function: text), in: isNamed ? zone : .utc)
            } catch {
                throw error.caused(by: .invalidAtExpression)
            }
            hangsOnZone = hangsOnZone && isNamed
        } else {
            let cron: CronText
            do { cron = try CronText(text, hash) } catch { throw error.caused(by: .invalidCronExpression) }
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
