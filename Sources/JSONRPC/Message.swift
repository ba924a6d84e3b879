import JSON

/// The id of a request: the very characters that it came with, to go back unchanged whatever number or text it is.
struct RequestID: Hashable, Sendable {
    let token: String

    static let null = RequestID(token: "null")

    /// Whether this is `id`, whose compact text is `text`, perhaps with other escapes.
    func means(_ id: JSON, _ text: String) -> Bool {
        if token == text { return true }
        return token.utf8.contains(UInt8(ascii: "\\")) && (try? JSON(parsing: token)) == id
    }
}

/// What a message holds, after its bytes were read.
enum Incoming {
    case single(Message)
    case batch([Message])
    /// A batch of more requests than are taken.
    case oversizedBatch
}

/// One request of a message, or what stands in its place.
enum Message {
    case call(Call)
    case invalid(RequestID, RPCError)
    /// An answer; the server never asks, so there is no use for it.
    case answer
}

struct Call {
    enum Parameters {
        case none
        case named(JSONObject)
        case positional([JSON])
    }

    /// Nil for a notification.
    let id: RequestID?
    let method: String
    let parameters: Parameters
}
