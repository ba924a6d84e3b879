import NIOHTTP1

/// What is to be done with a request over HTTP, by its first line.
enum HTTPRoute {
    /// Its body is a message of JSON-RPC.
    case call
    case page(HTTPPage)
    /// There is nothing of that name.
    case unknown
    /// It is there, and is asked for in another way: with these.
    case otherVerb(allowed: String)

    static let callPath = "/rpc"

    init(_ method: HTTPMethod, _ target: String, pages: [String: HTTPPage]) {
        let path = String(target.prefix { $0 != "?" })
        if path == Self.callPath {
            self = method == .POST ? .call : .otherVerb(allowed: "POST")
        } else if let page = pages[path] {
            self = method == .GET || method == .HEAD ? .page(page) : .otherVerb(allowed: "GET, HEAD")
        } else {
            self = .unknown
        }
    }
}
