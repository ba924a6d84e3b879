import JSON
package import ReeveProtocol

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
        return await test(record.definition, type: type)
    }

    /// The same for a definition that need not have been put.
    package func test(_ definition: EndpointDefinition, type: String? = nil) async -> EndpointTest {
        let change = testChange(definition.name)
        var event = CloudEvent.single(change, agent: postman.sender.agent).object ?? JSONObject()
        // It is in no journal.
        event["sequence"] = nil
        event["previous"] = nil
        let stopwatch = Stopwatch(clock)
        let attempt = await postman.post(JSON.object(event).serialized(), id: change.id, to: definition)
        var asked = change
        asked.content.type = type ?? change.content.type
        let reply = attempt.result.reply
        return EndpointTest(
            delivered: attempt.result == .delivered(reply),
            status: reply.status,
            headers: attempt.answer?.headers ?? [],
            body: attempt.answer.map { String(decoding: $0.body, as: UTF8.self) } ?? reply.text,
            duration: stopwatch.elapsed,
            filtered: definition.filter.map { !$0.takes(asked) } ?? false,
            curl: attempt.request.map { Self.curl($0, definition) } ?? ""
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
        return StateChange(sequence: 0, id: newID(), lane: .agent, previous: nil, content: content)
    }

    /// The endpoint's own headers may be secret however they were given; so may a URL that was not written out.
    static func curl(_ request: TransportRequest, _ definition: EndpointDefinition) -> String {
        let own = Set((definition.headers ?? [:]).keys.map { $0.lowercased() })
        var words = ["curl", "-X", "POST"]
        for header in request.headers {
            let value = own.contains(header.name.lowercased()) ? "SECRET" : header.value
            words += ["-H", quoted("\(header.name): \(value)")]
        }
        words += ["--data-binary", quoted(String(decoding: request.body, as: UTF8.self))]
        if case .literal = definition.url { words.append(quoted(request.url)) } else { words.append("URL") }
        return words.joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        var text = "'"
        for character in word {
            if character == "'" { text += "'\\''" } else { text.append(character) }
        }
        return text + "'"
    }
}
