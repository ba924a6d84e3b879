import JSON
import TestSupport

/// Judges one endpoint's record while it comes, so that a long one is never in memory whole.
actor EndpointJudge {
    let name: String
    private let receiver: WebhookReceiver
    private var check: WebhookReceiver.Check

    init(_ name: String, _ receiver: WebhookReceiver, _ options: WebhookReceiver.Check.Options) {
        self.name = name
        self.receiver = receiver
        check = WebhookReceiver.Check(secret: receiver.secret, options)
    }

    /// Until the receiver ends, or the caller is cancelled: over before there is a verdict.
    func collect() async {
        for await request in receiver.requests where request.number % 500 == 499 { check.add(receiver.takeEnded()) }
    }

    /// What the whole journal says that it had to get came, in this order; what is dead is that and nothing else. To be
    /// asked once, when the sender is gone.
    func verdict(journal: [JSON], dead: Set<Int>, mayBeDead: @Sendable (JSON) -> Bool) -> [String] {
        check.add(receiver.takeEnded())
        // The sender is gone: nothing more becomes of those either.
        check.add(receiver.records)
        var problems = check.problems
        var lanes: [String: [Int64]] = [:]
        for event in journal where !isAboutItself(event) {
            let sequence = event["sequence"]?.string.flatMap { Int64($0) } ?? 0
            lanes[event["lane"]?.string ?? "", default: []].append(sequence)
            let isDelivered = event["id"]?.string.map(check.delivered.contains) ?? false
            if !isDelivered, !dead.contains(Int(sequence)) { problems.append("change \(sequence) is lost") }
            if dead.contains(Int(sequence)), isDelivered || !mayBeDead(event) {
                problems.append("change \(sequence) is a dead letter for no reason")
            }
        }
        let last = journal.last?["sequence"]?.string.flatMap { Int64($0) } ?? 0
        for (lane, sequences) in lanes {
            let came = (check.lanes[lane] ?? []).map(\.sequence).filter { $0 <= last }
            if came != sequences { problems.append("lane \(lane) came as \(came.count) changes of \(sequences.count)") }
        }
        return problems.map { "\(name): \($0)" }
    }

    var facts: String {
        "\(name): \(check.delivered.count) delivered, \(check.repeatsOfDelivered) repeats, \(check.lanes.count) lanes"
    }

    var repeats: Int { check.repeatsOfDelivered }

    private func isAboutItself(_ event: JSON) -> Bool {
        event["type"]?.string?.hasPrefix("dev.reeve.endpoint.") == true && event[at: "data", "endpoint"]?.string == name
    }
}
