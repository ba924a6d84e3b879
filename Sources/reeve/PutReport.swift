import JSON
import ReeveProtocol

/// Says what became of a task that was put.
struct PutReport {
    let session: Session

    func tell(_ answer: JSON) async {
        let id = answer["task"]?["id"]?.string ?? "?"
        let revision = answer["task"]?["revision"]?.integer ?? 0
        let what =
            answer["created"]?.bool == true
            ? "added" : answer["changed"]?.bool == true ? "changed, now revision \(revision)" : "was so already"
        Standard.say("\(id): \(what)\(await due(id, answer))")
        for warning in answer["warnings"]?.array ?? [] {
            Standard.say("  warning: \(warning.string ?? warning.text)")
        }
    }

    private func due(_ id: String, _ answer: JSON) async -> String {
        guard let schedule = answer["task"]?["schedule"] else { return "; runs only by hand: reeve run \(id)" }
        guard answer["next"]?.string != nil else {
            let isAtBoot = schedule["everyBoot"] != nil || schedule["nextBoot"] != nil
            return isAtBoot ? ", due when the host starts" : "; its time has passed, so it is never due"
        }
        // Only the agent can say the time in the caller's zone. Without an answer UTC does.
        let state = try? await session.callInZone("task.get", ["task": .string(id)])
        let isSame = state?["next"] == answer["next"]
        let times = TimeText(terminal: .standardError, now: Host.now)
        let time = times.time(isSame ? state : answer, "next") ?? ""
        return ", due \(time) (\(times.distance(answer, "next") ?? ""))"
    }
}
