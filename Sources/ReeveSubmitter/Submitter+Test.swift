import JSON
import ReeveProcess
package import ReeveProtocol
package import ReeveStore

/// What an endpoint answered to a test event.
package struct EndpointTest: Sendable {
    package var delivered: Bool
    /// `nil` if there was no answer; then ``body`` says why.
    package var status: Int?
    package var headers: [TransportHeader]
    package var body: String
    package var duration: Duration
    /// Whether the endpoint's filter would have kept the type asked about from it.
    package var filtered: Bool
    /// The same request for a shell, without what is secret.
    package var curl: String
}

extension Submitter {
    /// Sends one `dev.reeve.endpoint.test` at once, beside the journal. `nil` if there is no such endpoint.
    ///
    /// - Parameter type: What the filter is asked about: that of the test event, unless given.
    package func test(endpoint name: String, type: String? = nil) async -> EndpointTest? {
        await takenOver()
        guard let record = sender(of: name)?.record else { return nil }
        return await test(record.definition, type: type, previousKey: record.previousKey)
    }

    /// The same for a definition that need not have been put.
    package func test(
        _ definition: EndpointDefinition,
        type: String? = nil,
        previousKey: PreviousKey? = nil
    ) async -> EndpointTest {
        let change = testChange(definition.name)
        let elapsed = clock.stopwatch()
        let attempt = await carriers.carrier(for: definition, previousKey: previousKey).carry([
            Submission(lane: change.lane, changes: [change], attempt: 1)
        ])
        var asked = change
        asked.content.type = type ?? change.content.type
        let reply = attempt.result.reply
        return EndpointTest(
            delivered: attempt.result == .delivered(reply),
            status: reply.status,
            headers: attempt.answer?.headers ?? [],
            body: attempt.answer.map { String(decoding: $0.body, as: UTF8.self) } ?? reply.text,
            duration: elapsed(),
            filtered: definition.filter.map { !$0.takes(asked) } ?? false,
            curl: attempt.shellLine()
        )
    }

    private func testChange(_ endpoint: String) -> StateChange {
        let content = StateChange.Content(
            type: EventType.endpoint("test"),
            subject: endpoint,
            time: now,
            summary: "a test of endpoint \(endpoint)",
            data: ["endpoint": .string(endpoint)]
        )
        // It is in no journal.
        return StateChange(sequence: 0, id: newID(), lane: .agent, previous: nil, content: content)
    }
}
