import JSON

/// The contract as a document (OpenRPC 1.3.2).
enum OpenRPC {
    static let document: JSON = ["openrpc": "1.3.2"]
}
