import JSON

/// What a process reads on standard input.
package enum InputDefinition: Sendable, Hashable {
    case text(String)
    /// A file, opened as the process's user when it starts.
    case file(String)

    func problems() -> [InvalidValue] {
        guard case .file(let path) = self, !path.hasPrefix("/") || path.utf8.contains(0) else { return [] }
        return [
            InvalidValue(
                path: "/input/file",
                reason: "\"\(path)\" is no absolute path",
                expected: "a path that begins with /"
            )
        ]
    }
}

extension InputDefinition: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case file
    }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = .text(text)
            return
        }
        guard let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.file) else {
            throw InvalidValue(
                at: decoder.codingPath,
                reason: "does not say what is to be read",
                expected: "a string, or {\"file\": PATH}"
            )
        }
        self = .file(try container.decode(String.self, forKey: .file))
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .file(let path):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .file)
        }
    }
}
