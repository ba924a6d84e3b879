import JSON

/// Reads messages (JSON-RPC 2.0 §4 and §6) from their bytes, in one pass.
enum MessageReader {
    /// - Throws: if the bytes are not one JSON text. Whatever else is wrong becomes a `Message.invalid`.
    static func read(_ bytes: UnsafeRawBufferPointer, limits: RPCLimits) throws(JSONSyntaxError) -> Incoming {
        var reader = JSONReader(bytes, maximumDepth: limits.depth)
        let incoming: Incoming
        if reader.peek() == UInt8(ascii: "[") {
            incoming = try readBatch(&reader, atMost: limits.batch)
        } else {
            incoming = .single(try readMessage(&reader))
        }
        try reader.finish()
        return incoming
    }

    private static func readBatch(_ reader: inout JSONReader, atMost limit: Int) throws(JSONSyntaxError) -> Incoming {
        var messages: [Message] = []
        var oversized = false
        try reader.readElements { (reader) throws(JSONSyntaxError) in
            let message = try readMessage(&reader)
            oversized = oversized || messages.count == limit
            if !oversized { messages.append(message) }
        }
        if oversized { return .oversizedBatch }
        if messages.isEmpty { return .single(.invalid(.null, .invalidRequest("a batch without requests"))) }
        return .batch(messages)
    }

    private static func readMessage(_ reader: inout JSONReader) throws(JSONSyntaxError) -> Message {
        guard reader.peek() == UInt8(ascii: "{") else {
            let value = try reader.readValue()
            return .invalid(.null, .invalidRequest("a request must be an object, not \(value.kindName)"))
        }
        var envelope = Envelope()
        try reader.readMembers { (reader, name) throws(JSONSyntaxError) in
            try envelope.readMember(name, from: &reader)
        }
        return envelope.message
    }
}

/// The members of one request that count, as far as they were seen.
private struct Envelope {
    private var version: JSON?
    private var method: JSON?
    private var parameters: JSON?
    private var id: RequestID?
    private var isAnswer = false
    private var problem: String?

    mutating func readMember(_ name: String, from reader: inout JSONReader) throws(JSONSyntaxError) {
        switch name {
        case "jsonrpc": version = once(version, try reader.readValue(), name)
        case "method": method = once(method, try reader.readValue(), name)
        case "params": parameters = once(parameters, try reader.readValue(), name)
        case "id": try readID(from: &reader)
        case "result", "error":
            isAnswer = true
            _ = try reader.readValue()
        default: _ = try reader.readValue()  // clients send more than is specified (pyln: filter)
        }
    }

    private mutating func once(_ before: JSON?, _ value: JSON, _ name: String) -> JSON {
        if before != nil { problem = "the member \(name) is given more than once" }
        return value
    }

    private mutating func readID(from reader: inout JSONReader) throws(JSONSyntaxError) {
        _ = reader.peek()
        let start = reader.offset
        let value = try reader.readValue()
        if id != nil { problem = "the member id is given more than once" }
        switch value {
        case .string, .number, .null:
            let token = UnsafeRawBufferPointer(rebasing: reader.bytes[start..<reader.offset])
            id = RequestID(token: String(decoding: token, as: UTF8.self))
        case .bool, .array, .object:
            id = .null
            problem = "the id must be a string or a number, not \(value.kindName)"
        }
    }

    var message: Message {
        if method == nil, isAnswer, version == "2.0" { return .answer }
        if let problem { return invalid(problem) }
        guard version == "2.0" else { return invalid("the member jsonrpc must be \"2.0\"") }
        guard case .string(let method) = method else { return invalid("the member method must be a string") }
        switch parameters {
        case nil, .null: return .call(Call(id: id, method: method, parameters: .none))
        case .object(let object): return .call(Call(id: id, method: method, parameters: .named(object)))
        case .array(let list): return .call(Call(id: id, method: method, parameters: .positional(list)))
        case .bool, .number, .string: return invalid("the member params must be an object or an array")
        }
    }

    private func invalid(_ reason: String) -> Message {
        .invalid(id ?? .null, .invalidRequest(reason))
    }
}

extension Call {
    /// The parameters by name, for a method that has these names for its positions.
    func named(by names: [String]) throws(RPCError) -> JSONObject {
        switch parameters {
        case .none: return JSONObject()
        case .named(let object): return object
        case .positional(let list):
            guard list.count <= names.count else {
                throw .invalidParams(
                    InvalidValue(
                        path: "/\(names.count)",
                        reason: "there are \(list.count) parameters",
                        expected: names.isEmpty ? "none" : "at most \(names.count): " + names.joined(separator: ", ")
                    )
                )
            }
            return JSONObject(zip(names, list).map { JSONObject.Member(name: $0, value: $1) })
        }
    }
}
