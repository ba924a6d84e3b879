import JSON

/// A value that is written out, or that is read when it is needed and never stored or shown.
package enum ConfiguredValue: Sendable, Hashable {
    case literal(String)
    /// The contents of the file at that path, without a final newline.
    case file(String)
    /// The contents of the systemd credential of that name.
    case credential(String)
    /// A new random key, made and shown once when it is put; only where a key is asked for.
    case generate(GeneratedKey)
}

/// What kind of key is made.
package enum GeneratedKey: Sendable, Hashable {
    /// A secret that both sides have.
    case shared
    /// A pair, of which the receiver gets the public half.
    case ed25519
}

extension ConfiguredValue: Codable {
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case file, credential, generate
    }

    package init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self = .literal(text)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let given = CodingKeys.allCases.filter(container.contains)
        guard let key = given.first, given.count == 1 else {
            throw InvalidValue(
                at: decoder.codingPath,
                reason: "must say where the value is, once",
                expected: "a string, {\"file\": PATH} or {\"credential\": NAME}"
            )
        }
        switch key {
        case .file: self = .file(try container.decode(String.self, forKey: .file))
        case .credential: self = .credential(try container.decode(String.self, forKey: .credential))
        case .generate: self = .generate(try Self.key(container))
        }
    }

    private static func key(_ container: KeyedDecodingContainer<CodingKeys>) throws -> GeneratedKey {
        if (try? container.decode(Bool.self, forKey: .generate)) == true { return .shared }
        if (try? container.decode(String.self, forKey: .generate)) == "ed25519" { return .ed25519 }
        throw InvalidValue(
            at: container.codingPath + [CodingKeys.generate],
            reason: "is no kind of key that can be made",
            expected: "true for a shared secret, or \"ed25519\""
        )
    }

    /// Whether it is to be made.
    package var isGenerated: Bool { if case .generate = self { true } else { false } }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .literal(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .file(let path):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(path, forKey: .file)
        case .credential(let name):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .credential)
        case .generate(let key):
            var container = encoder.container(keyedBy: CodingKeys.self)
            switch key {
            case .shared: try container.encode(true, forKey: .generate)
            case .ed25519: try container.encode("ed25519", forKey: .generate)
            }
        }
    }
}
