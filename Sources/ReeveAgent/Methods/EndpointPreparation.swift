import JSON
import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// An endpoint's definition as it is stored: checked, with its key made where one was asked for.
struct EndpointPreparation {
    var definition: EndpointDefinition
    var start: EndpointStart
    /// A key that was made: the only time that it is shown.
    var generatedSecret: String?

    /// - Parameter before: As the endpoint is until now: what masks in the new definition stand for.
    init(_ definition: EndpointDefinition, before: EndpointDefinition? = nil) throws(Failure) {
        let definition = definition.unmasked(before)
        let problems = definition.problems() + definition.sendingProblems()
        guard problems.isEmpty else { throw Failure(problems, below: "/endpoint") }
        guard let start = EndpointStart(definition.from) else {
            throw Failure(EndpointStart.problem(definition.from ?? "").below("/endpoint"))
        }
        self.definition = definition
        self.start = start
        self.definition.from = nil  // it says where to begin, once
        guard case .generate(let kind) = definition.secret else { return }
        let secret = SigningKey.generate(kind)
        self.definition.secret = .literal(secret)
        generatedSecret = secret
    }
}

extension EndpointPreparation {
    func put(_ transaction: Transaction, source: String, by: String) throws -> StoredEndpoint {
        let endpoint = try transaction.putEndpoint(
            definition,
            start: try transaction.sequence(of: start),
            generatedSecret: generatedSecret,
            source: source,
            by: by
        )
        // The receiver said that it is gone (410); putting the endpoint again says that it is back.
        try transaction.resumeEndpoint(endpoint.name, by: by) { $0.by == "agent" }
        return try transaction.endpoint(endpoint.name) ?? endpoint
    }
}

extension EndpointStart {
    static func problem(_ text: String) -> InvalidValue {
        InvalidValue(
            path: "/from",
            reason: "\"\(text)\" is no place to begin at",
            expected: "now, oldest, a journal number or a time"
        )
    }

    /// `now` where nothing is said.
    init?(_ text: String?) {
        switch text {
        case nil, "now": self = .now
        case "oldest": self = .oldest
        case let text?:
            if let number = Int64(text), number >= 0 {
                self = .sequence(number)
            } else if let time = Timestamp(text) {
                self = .time(time)
            } else {
                return nil
            }
        }
    }
}

extension EndpointDefinition {
    /// What is wrong with it where it stands in a file: there a key that is made would be shown to nobody.
    func problemsInFile() -> [InvalidValue] {
        var problems = problems() + sendingProblems()
        if secret?.isGenerated == true {
            problems.append(
                InvalidValue(
                    path: "/secret",
                    reason: "cannot be generated here, for a made key is shown once: give {file: …} or {credential: …}"
                )
            )
        }
        if let from, EndpointStart(from) == nil { problems.append(EndpointStart.problem(from)) }
        return problems
    }
}
