import JSON
import ReeveProtocol
import ReeveScheduler
import ReeveStore

/// A task as clients see it.
enum TaskView {
    /// The definition with its revision; environment values and attachments' contents are masked for who may not see them.
    static func definition(_ task: StoredTask, masked: Bool) throws -> JSON {
        let json = try JSONCoder.encode(task.definition)
        return masked ? mask(json) : json
    }

    /// What is known of a task beside its definition.
    static func state(_ task: StoredTask, running: [Run], zone: Zone?) throws -> JSONObject {
        var object = JSONObject()
        object["next"] = task.nextFire?.json ?? .null
        if let due = task.nextDue, due != task.nextFire { object["due"] = due.json }
        object["last"] = task.last.map(last)
        object["running"] = .array(running.map { .string($0.id) })
        object["paused"] = try task.pause.map { try pause($0, zone: zone) }
        object["source"] = .string(task.source)
        object["set"] = task.set.map(JSON.string)
        object["createdAt"] = task.createdAt.json
        object["changedAt"] = task.changedAt.json
        object["by"] = .string(task.by)
        if task.completed { object["completed"] = true }
        return object.withLocalTimes("next", "due", "createdAt", "changedAt", zone: zone)
    }

    static func item(_ task: StoredTask, running: [Run], zone: Zone?) throws -> JSON {
        var object = JSONObject()
        object["id"] = .string(task.definition.id)
        object["revision"] = task.definition.revision.map { .number(String($0)) }
        object["schedule"] = try task.definition.schedule.map(JSONCoder.encode) ?? .null
        object["scheduleText"] = .string(task.definition.schedule?.shortText ?? "by hand")
        object["labels"] = try task.definition.labels.map(JSONCoder.encode)
        object.members += try state(task, running: running, zone: zone).members
        return .object(object)
    }

    static func pause(_ pause: Pause, zone: Zone?) throws -> JSON {
        .object((try JSONCoder.encode(pause).object ?? JSONObject()).withLocalTimes("at", "until", zone: zone))
    }

    static func last(_ run: StoredTask.LastRun) -> JSON {
        ["run": .string(run.run), "number": .number(String(run.number)), "outcome": .string(run.outcome.rawValue)]
    }

    private static let mask = JSON.string(ConfiguredValue.mask)

    static func mask(_ json: JSON) -> JSON {
        switch json {
        case .array(let elements): return .array(elements.map(mask))
        case .object(let object):
            return .object(
                JSONObject(
                    object.members.map { member in
                        if member.name == "attachments", case .array(let attachments) = member.value {
                            return .init(name: member.name, value: .array(attachments.map(maskContent)))
                        }
                        guard member.name == "environment", case .object(let values) = member.value else {
                            return .init(name: member.name, value: mask(member.value))
                        }
                        let masked = values.members.map { value in
                            JSONObject.Member(name: value.name, value: value.value.string == nil ? value.value : mask)
                        }
                        return .init(name: member.name, value: .object(JSONObject(masked)))
                    }
                )
            )
        default: return json
        }
    }

    private static func maskContent(_ attachment: JSON) -> JSON {
        guard case .object(var object) = attachment else { return attachment }
        object["content"] = mask
        return .object(object)
    }
}

extension ScheduleDefinition {
    /// The schedule on a short line, for lists.
    var shortText: String {
        let text =
            switch kind {
            case .cron(let text), .text(let text): text
            case .rate(let interval): "every \(interval)"
            case .at(let text): "at \(text)"
            case .once: "once"
            case .nextBoot: "at the next boot"
            case .everyBoot: "at every boot"
            }
        return timeZone.map { "\(text) \($0)" } ?? text
    }
}
