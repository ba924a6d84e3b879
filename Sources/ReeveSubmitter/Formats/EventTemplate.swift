package import JSON
import Mustache
package import ReeveProtocol

/// A Mustache text into which events are written.
struct EventTemplate: Sendable {
    /// The longest template, in bytes, and how deep its sections may be.
    static let longest = 64 << 10
    static let deepest = 32

    private let template: MustacheTemplate

    /// - Parameter escape: How values are written.
    init(_ text: String, escape: Escape) throws(InvalidValue) {
        guard text.utf8.count <= Self.longest else {
            throw Self.problem("is longer than \(Self.longest) bytes")
        }
        // There is nothing that a partial could be found in, and it would be left out in silence.
        for tag in ["{{>", "{{<", "{{$"] where text.contains(tag) {
            throw Self.problem("has \(tag): partials, parents and blocks cannot be used here")
        }
        guard Self.openSections(text) <= Self.deepest else {
            throw Self.problem("has more than \(Self.deepest) sections in one another")
        }
        _ = Self.registered
        let pragma = "{{% CONTENT_TYPE:\(escape.name) }}"
        do {
            template = try MustacheTemplate(string: pragma + text)
        } catch let error as MustacheTemplate.ParserError {
            // As it is in the text by itself.
            let shift = error.context.lineNumber == 1 ? pragma.count : 0
            let place = "line \(error.context.lineNumber), column \(error.context.columnNumber - shift)"
            throw Self.problem("is no Mustache template: \(Self.meaning(of: error.error)) (\(place))")
        } catch {
            throw Self.problem("is no Mustache template: \(error)")
        }
    }

    func render(_ event: JSON) -> String {
        var context = Self.value(event) as? [String: Any] ?? [:]
        context["summary"] = EventWriter.text(event)
        return template.render(context)
    }

    /// Numbers are written as they came; what is null is not there.
    private static func value(_ json: JSON) -> Any? {
        switch json {
        case .null: nil
        case .bool(let value): value
        case .number(let text), .string(let text): text
        case .array(let elements): elements.compactMap(value)
        case .object(let object):
            Dictionary(
                object.members.compactMap { member in value(member.value).map { (member.name, $0) } },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }

    private static func problem(_ reason: String) -> InvalidValue {
        InvalidValue(path: "/template", reason: reason)
    }

    private static func openSections(_ text: String) -> Int {
        var (open, most) = (0, 0)
        for tag in text.split(separator: "{{").dropFirst() {
            switch tag.first {
            case "#", "^": open += 1
            case "/": open -= 1
            default: break
            }
            most = max(most, open)
        }
        return most
    }

    private static func meaning(of error: any Error) -> String {
        switch error {
        case MustacheTemplate.Error.sectionCloseNameIncorrect: "a section is closed by another name than it was opened"
        case MustacheTemplate.Error.unfinishedName: "a tag is not closed"
        case MustacheTemplate.Error.expectedSectionEnd: "a section is not closed"
        case MustacheTemplate.Error.invalidSetDelimiter: "delimiters are not set as they can be"
        // The parser's own error for the end of the text, which it does not let others see.
        default: "\(error)" == "overflow" ? "a tag is not closed" : "\(error)"
        }
    }
}

extension EventTemplate {
    /// How values stand in the text.
    enum Escape: Sendable {
        case json, markup, none

        fileprivate var name: String {
            switch self {
            case .json: "REEVE_JSON"
            case .markup: "HTML"
            case .none: "TEXT"
            }
        }

        init(contentType: String) {
            let type = contentType.lowercased()
            if type.contains("json") {
                self = .json
            } else if type.contains("html") || type.contains("xml") {
                self = .markup
            } else {
                self = .none
            }
        }
    }

    private struct InsideString: MustacheContentType {
        /// As it stands between the quotes of a JSON string.
        func escapeText(_ text: String) -> String {
            String(JSON.string(text).text.dropFirst().dropLast())
        }
    }

    private static let registered: Void = MustacheContentTypes.register(InsideString(), named: Escape.json.name)

    static let defaultContentType = "application/json"

    /// What the body is said to be: JSON, unless the definition says otherwise.
    static func contentType(of endpoint: EndpointDefinition) -> String {
        let header = endpoint.headers?.first { $0.key.lowercased() == "content-type" }?.value
        if case .literal(let text) = header { return text }
        return defaultContentType
    }
}

extension EndpointDefinition {
    /// The template of format `template`; `nil` for another format.
    func eventTemplate() throws(InvalidValue) -> EventTemplate? {
        guard format == .template, let template else { return nil }
        let isBody = kind == .webhook
        let escape = isBody ? EventTemplate.Escape(contentType: EventTemplate.contentType(of: self)) : .none
        return try EventTemplate(template, escape: escape)
    }

    /// What can never be valid and is found only with what sends: the template, keys, values of headers.
    package func sendingProblems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        do {
            if let template = try eventTemplate(), kind == .webhook,
                EventTemplate.Escape(contentType: EventTemplate.contentType(of: self)) == .json
            {
                do {
                    _ = try JSON(parsing: Array(template.render(EventTemplate.sample).utf8))
                } catch {
                    problems.append(
                        InvalidValue(
                            path: "/template",
                            reason: "does not make JSON of a failed run: \(error)",
                            hint: "for something else than JSON set the header content-type"
                        )
                    )
                }
            }
        } catch {
            problems.append(error)
        }
        if case .literal(let text) = secret, secret?.isMask != true, SigningKey(text) == nil {
            problems.append(
                InvalidValue(
                    path: "/secret",
                    reason: "is no key",
                    expected:
                        "whsec_ and base64 of 24 to 64 bytes, whsk_ and base64 of an Ed25519 key, {\"file\": …}, "
                        + "{\"credential\": …} or {\"generate\": true}"
                )
            )
        }
        for (name, value) in (headers ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard case .literal(let text) = value, !WebhookCarrier.isHeaderValue(text) else { continue }
            problems.append(
                InvalidValue(path: "/headers/" + InvalidValue.escaped(name), reason: "has control characters")
            )
        }
        return problems
    }
}

extension EventTemplate {
    /// What a template is tried with when it is put.
    static let sample: JSON = [
        "specversion": "1.0", "id": "01a1fdc6-e31d-76e5-8632-a9ef2105ddb1", "source": "/agents/web-7",
        "type": "dev.reeve.run.failed", "subject": "nightly-backup", "time": "2026-11-21T11:03:52.349Z",
        "datacontenttype": "application/json", "lane": "task:nightly-backup",
        "sequence": "00000000000000000012", "previous": "00000000000000000007",
        "data": [
            "summary": "nightly-backup failed after 15ms: step \"upload\": exited with 1", "task": "nightly-backup",
            "revision": 1, "run": "01a1fdc6-e30a-731d-8fe1-9112274d68cb", "number": 1, "trigger": "manual",
            "status": "stopped", "by": "uid:0", "outcome": "failed", "cause": "exit",
            "reason": "step \"upload\": exited with 1", "attempt": 1,
            "startedAt": "2026-11-21T11:03:52.333Z", "stoppedAt": "2026-11-21T11:03:52.348Z",
            "labels": ["team": "data"], "tail": "cannot reach \"remote:\"\n",
            "steps": [["name": "upload", "status": "stopped", "outcome": "failed", "exitCode": 1]],
            "changes": [],
        ],
    ]
}
