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

    init(_ definition: EndpointDefinition) throws(Failure) {
        let problems = definition.problems() + definition.sendingProblems()
        guard problems.isEmpty else { throw Failure(problems, below: "/endpoint") }
        guard let start = EndpointStart(definition.from) else {
            throw Failure(
                InvalidValue(
                    path: "/endpoint/from",
                    reason: "\"\(definition.from ?? "")\" is no place to begin at",
                    expected: "now, oldest, a journal number or a time"
                )
            )
        }
        self.definition = definition
        self.start = start
        self.definition.from = nil  // it says where to begin, once
        guard definition.secret == .generate else { return }
        let secret = SigningKey.generate()
        self.definition.secret = .literal(secret)
        generatedSecret = secret
    }
}

extension EndpointPreparation {
    func put(_ transaction: Transaction) throws -> StoredEndpoint {
        try transaction.putEndpoint(
            definition,
            start: try transaction.sequence(of: start),
            generatedSecret: generatedSecret
        )
    }
}

extension EndpointStart {
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
