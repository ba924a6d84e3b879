import Glibc
import NIOConcurrencyHelpers

/// How many descriptors the agent may have open: each of its processes takes three, and up to six with a spool and a
/// notify socket, where a host allows 1,024 by default.
enum DescriptorLimit {
    private static let wanted: UInt64 = 65_536
    private static let before = NIOLockedValueBox<ResourceLimit?>(nil)

    static func raise() {
        before.withLockedValue { before in
            var limit = rlimit()
            guard getrlimit(ResourceLimit.Resource.openFiles.number, &limit) == 0 else { return }
            let old = ResourceLimit(.openFiles, soft: UInt64(limit.rlim_cur), hard: UInt64(limit.rlim_max))
            limit.rlim_cur = rlim_t(min(wanted, old.hard))
            guard limit.rlim_cur > old.soft, setrlimit(ResourceLimit.Resource.openFiles.number, &limit) == 0 else {
                return
            }
            before = before ?? old
        }
    }

    /// What it was before, for the programs that are started: some go through all descriptors that they might have, or
    /// can not deal with numbers above 1,023. `nil`: it is as it was.
    static var ofPrograms: ResourceLimit? { before.withLockedValue { $0 } }
}
