package import ReeveProtocol

/// How far an endpoint has come since it was last written down. It is committed whole, after the answers it stands for.
package struct DeliveryProgress: Sendable, Equatable {
    /// Everything up to here is done but for what the positions say.
    package var cursor: Int64
    /// Lanes that have come another way than the cursor; `nil` where the cursor holds for the lane again.
    package var positions: [Lane: Int64?] = [:]
    /// What was given up, or is held.
    package var deadLetters: [GivenUp] = []
    /// Dead letters that were delivered after all, and held ones that somebody wanted dropped and that are done.
    package var resolved: [Int64] = []
    /// Held ones that are tried again, as somebody wanted.
    package var released: [Int64] = []
    /// What is told with it, if it is time to.
    package var refusals: Refusals?

    /// A change that the receiver refused for good.
    package struct GivenUp: Sendable, Equatable {
        package var change: StateChange
        package var reason: String
        package var status: Int?
        /// Requests that were made for it.
        package var attempts: Int
        /// Its lane waits until somebody decides.
        package var isHeld = false
        /// It is a dead letter that was tried again: one that is gone meanwhile stays gone.
        package var isRetry = false
    }

    /// So many changes were refused for good since that was last told. All of them are written down before, or with it.
    package struct Refusals: Sendable, Equatable {
        package var count: Int
        /// Of the last one.
        package var reason: String
    }
}

/// What somebody wants to become of a dead letter.
package struct WantedLetter: Sendable, Equatable {
    package enum Wish: String, Sendable {
        case retry
        /// Only of one that is held; another one just goes.
        case drop
    }

    package var change: StateChange
    package var wish: Wish
    package var isHeld: Bool
    package var attempts: Int

    package init(change: StateChange, wish: Wish, isHeld: Bool, attempts: Int) {
        self.change = change
        self.wish = wish
        self.isHeld = isHeld
        self.attempts = attempts
    }
}

/// A fact about an endpoint itself that is told as a state change, when it begins and no more.
package enum EndpointFact: Sendable, Equatable {
    /// It does not answer; it is tried now and then.
    case opened(reason: String)
    /// It answers again.
    case closed
    /// It wants no more.
    case paused(reason: String)
}
