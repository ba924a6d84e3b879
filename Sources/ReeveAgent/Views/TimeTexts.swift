import JSON
import ReeveProtocol
import ReeveScheduler

extension JSONObject {
    /// Adds `nameLocal` beside each of these members that is a time, if a zone was asked for.
    func withLocalTimes(_ names: String..., zone: Zone?) -> JSONObject {
        guard let zone else { return self }
        var object = self
        object.members = members.flatMap { member in
            guard names.contains(member.name), let text = member.value.string, let time = Timestamp(text) else {
                return [member]
            }
            return [member, Member(name: member.name + "Local", value: .string(zone.localText(of: time)))]
        }
        return object
    }
}

extension Timestamp {
    var json: JSON { .string(description) }
}
