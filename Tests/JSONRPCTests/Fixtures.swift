import JSON
import NIOCore
import NIOEmbedded
import Testing

@testable import JSONRPC

/// The methods of the tests: small ones of each kind.
struct SmallMethods: Dispatcher {
    var methods: [String: Method]

    init(_ more: Method...) {
        let basic = [
            Method("minus", parameters: ["left", "right"], kind: .immediate(minus)),
            Method("echo", parameters: ["value"], kind: .immediate { .json($0.params["value"] ?? .null) }),
            Method("names", parameters: ["a", "b"], kind: .immediate { .json(.object($0.params)) }),
            Method("total", parameters: ["a", "b", "c"], kind: .immediate(total)),
            Method("ready", kind: .immediate { _ in .bytes(Array(#"{"made":"before"}"#.utf8)) }),
            Method("broken", kind: .immediate { _ in throw RPCError.internal("out of order") }),
        ]
        methods = Dictionary(uniqueKeysWithValues: (basic + more).map { ($0.name, $0) })
    }

    func method(named name: String) -> Method? { methods[name] }
}

@Sendable private func minus(_ request: Request) throws -> RPCResult {
    struct Parameters: Decodable {
        enum CodingKeys: String, CodingKey, CaseIterable { case left, right }
        let left, right: Int
    }
    let parameters: Parameters = try JSONCoder.decode(from: .object(request.params))
    return .json(.number(String(parameters.left - parameters.right)))
}

@Sendable private func total(_ request: Request) -> RPCResult {
    .json(.number(String(request.params.members.compactMap(\.value.integer).reduce(0, +))))
}

/// A server's connection on a channel without a socket: bytes in, bytes out, time by hand.
///
/// For methods of the kind `immediate`: the event loop of such a channel belongs to the test's thread.
final class Wire {
    let channel = EmbeddedChannel()
    let server: RPCServer

    init(_ dispatcher: some Dispatcher = SmallMethods(), limits: RPCLimits = RPCLimits()) throws {
        server = RPCServer(listeners: [], group: channel.eventLoop, dispatcher: dispatcher, limits: limits)
        try server.add(channel, peer: ())
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    var isOpen: Bool { channel.isActive }

    /// Everything that was written since the last time.
    func output() throws -> String {
        channel.embeddedEventLoop.run()
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    /// Sends a text at once and gives what is written then.
    @discardableResult
    func send(_ text: String) throws -> String {
        try channel.writeInbound(ByteBuffer(string: text))
        return try output()
    }

    /// Sends a text byte by byte and gives what is written then.
    func sendSlowly(_ text: String) throws -> String {
        for byte in text.utf8 { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        return try output()
    }

    /// The client closes its side and goes on reading.
    func halfClose() throws -> String {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        return try output()
    }
}

/// The text as a value, to compare it without regard to the order of members.
func json(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> JSON {
    try JSON(parsing: text)
}

/// `{"jsonrpc":"2.0", …}` around `members`.
func request(_ members: String) -> String { #"{"jsonrpc":"2.0",\#(members)}"# }
