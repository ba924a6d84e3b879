extension JSON: Codable {
    /// With `JSONCoder` the tree comes through untouched; any other decoder is asked for one kind after the other.
    package init(from decoder: any Decoder) throws {
        if let tree = decoder as? TreeDecoder {
            self = tree.value
        } else if let container = try? decoder.container(keyedBy: NameKey.self) {
            self = .object(try JSONObject(from: container))
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSON] = []
            while !container.isAtEnd { elements.append(try container.decode(JSON.self)) }
            self = .array(elements)
        } else {
            self = try JSON(scalar: try decoder.singleValueContainer())
        }
    }

    private init(scalar container: any SingleValueDecodingContainer) throws {
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .number(String(value))
        } else if let value = try? container.decode(Double.self), value.isFinite {
            self = .number(value.description)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if let tree = encoder as? TreeEncoder {
            tree.node.leaf = self
            return
        }
        switch self {
        case .object(let object): try object.encode(to: encoder)
        case .array(let elements): try elements.encode(to: encoder)
        case .string(let value): try value.encode(to: encoder)
        case .bool(let value): try value.encode(to: encoder)
        case .number(let text):
            if let value = Int64(text) { return try value.encode(to: encoder) }
            try (Double(text) ?? .nan).encode(to: encoder)
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        }
    }
}

extension JSONObject: Codable {
    package init(from decoder: any Decoder) throws {
        if let tree = decoder as? TreeDecoder {
            guard case .object(let object) = tree.value else { throw tree.wrongKind("an object") }
            self = object
        } else {
            try self.init(from: try decoder.container(keyedBy: NameKey.self))
        }
    }

    init(from container: KeyedDecodingContainer<NameKey>) throws {
        self.init(
            try container.allKeys.map {
                Member(name: $0.stringValue, value: try container.decode(JSON.self, forKey: $0))
            }
        )
    }

    package func encode(to encoder: any Encoder) throws {
        if let tree = encoder as? TreeEncoder {
            tree.node.leaf = .object(self)
            return
        }
        var container = encoder.container(keyedBy: NameKey.self)
        for member in members { try container.encode(member.value, forKey: NameKey(member.name)) }
    }
}
