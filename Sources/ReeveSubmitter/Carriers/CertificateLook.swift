import NIOCore
import NIOPosix
import NIOSSL

/// Has a look at the certificates that a receiver shows: it is greeted, nothing is sent to it, and it is left again.
enum CertificateLook {
    /// - Parameters:
    ///   - limit: From now to the end of it.
    /// - Returns: Its own first; `nil` if it could not be seen.
    static func certificates(
        at address: WebAddress,
        within limit: TimeAmount,
        on group: any EventLoopGroup
    ) async -> [NIOSSLCertificate]? {
        let loop = group.next()
        let seen = loop.makePromise(of: [NIOSSLCertificate].self)
        let bootstrap = ClientBootstrap(group: loop).connectTimeout(limit).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = try NIOSSLClientHandler(
                    context: try NIOSSLContext(configuration: .makeClientConfiguration()),
                    serverHostname: address.serverName,
                    customVerificationCallback: { certificates, verdict in
                        seen.succeed(certificates)
                        // Whatever they are: nothing is to be sent.
                        verdict.succeed(.failed)
                    }
                )
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }
        let channel: any Channel
        do {
            if let path = address.socketPath {
                channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
            } else {
                channel = try await bootstrap.connect(host: address.host, port: address.port).get()
            }
        } catch {
            seen.fail(error)
            return nil
        }
        // Not before it is connected: of a name with several addresses all but one are closed again.
        channel.closeFuture.whenComplete { _ in seen.fail(ChannelError.eof) }
        let timer = loop.scheduleTask(in: limit) { channel.close(promise: nil) }
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        // That it could not be seen is all there is to say.
        return try? await seen.futureResult.get()
    }
}
