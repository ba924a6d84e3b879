package import NIOCore
import NIOPosix

/// The event loops that tests share: nobody shuts them down.
package var sharedEventLoops: any EventLoopGroup { MultiThreadedEventLoopGroup.singleton }
