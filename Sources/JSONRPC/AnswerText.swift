import JSON

/// The texts that the server sends.
enum AnswerText {
    static func result(_ result: JSON, for id: RequestID, into bytes: inout [UInt8]) {
        begin(id, "result", &bytes)
        result.write(into: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    static func result(_ result: [UInt8], for id: RequestID, into bytes: inout [UInt8]) {
        begin(id, "result", &bytes)
        bytes.append(contentsOf: result)
        bytes.append(UInt8(ascii: "}"))
    }

    static func error(_ error: RPCError, for id: RequestID, into bytes: inout [UInt8]) {
        begin(id, "error", &bytes)
        error.json.write(into: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }

    static func notification(_ method: String, _ params: JSONObject) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: #"{"jsonrpc":"2.0","method":"#.utf8)
        JSON.write(method, into: &bytes)
        bytes.append(contentsOf: #","params":"#.utf8)
        params.write(into: &bytes)
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private static func begin(_ id: RequestID, _ member: StaticString, _ bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"jsonrpc":"2.0","id":"#.utf8)
        bytes.append(contentsOf: id.token.utf8)
        bytes.append(contentsOf: #",""#.utf8)
        bytes.append(contentsOf: UnsafeBufferPointer(start: member.utf8Start, count: member.utf8CodeUnitCount))
        bytes.append(contentsOf: #"":"#.utf8)
    }
}
