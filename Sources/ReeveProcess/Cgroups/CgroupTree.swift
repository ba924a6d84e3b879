import Glibc
import NIOConcurrencyHelpers

/// The cgroups that the agent makes: one for each process, with what that starts, below a folder of the agent's own.
///
///     FOLDER               was given to the agent
///     FOLDER/reeve-agent   the agent itself, where a cgroup with controllers may have no processes of its own
///     FOLDER/NAME/…        one for each process
package final class CgroupTree: Sendable {
    /// What can be had, for people and programs.
    package struct Standing: Sendable, Equatable {
        /// The folder that was given to the agent; `nil`: none was.
        package var folder: String?
        /// Those by which processes can be bounded and counted.
        package var controllers: [CgroupController] = []
        /// What cannot be had, and why; `nil`: everything can.
        package var trouble: String?

        package init(folder: String? = nil, controllers: [CgroupController] = [], trouble: String? = nil) {
            self.folder = folder
            self.controllers = controllers
            self.trouble = trouble
        }

        /// Those limits that are only written down.
        package func unenforced(_ limits: CgroupLimits) -> [CgroupLimits.Kind] {
            limits.kinds.filter { !controllers.contains($0.controller) }
        }
    }

    package let standing: Standing
    /// Where those of processes are; `nil`: there are none.
    private let home: Cgroup?

    /// A tree without any cgroup.
    package init(without reason: String) {
        standing = Standing(trouble: reason)
        home = nil
    }

    /// - Parameters:
    ///   - name: Of the folder in it; no other agent may use the same there.
    ///   - controllers: Which to take, of those that the folder has.
    package convenience init(
        _ delegation: CgroupDelegation,
        name: String,
        controllers: [CgroupController] = CgroupController.allCases
    ) {
        switch delegation {
        case .refused(let reason): self.init(without: reason)
        case .given(let folder): self.init(folder: folder, name: name, controllers: controllers)
        }
    }

    private init(folder: String, name: String, controllers: [CgroupController]) {
        let given = Cgroup(path: folder)
        let home = Cgroup(path: "\(folder)/\(name)")
        guard mkdir(home.path, 0o755) == 0 || errno == EEXIST else {
            standing = Standing(folder: folder, trouble: "cannot make the cgroup \(home.path): \(errorText(errno))")
            self.home = nil
            return
        }
        self.home = home
        let offered = CgroupController.read("\(folder)/cgroup.controllers").filter(controllers.contains)
        let trouble = Self.pass(offered, from: given) ?? Self.pass(offered, from: home)
        let had = CgroupController.read("\(home.path)/cgroup.subtree_control")
        standing = Standing(
            folder: folder,
            controllers: had,
            trouble: trouble ?? Self.trouble(folder, missing: controllers.filter { !had.contains($0) })
        )
        // Left by an agent that crashed, or ended while something still ran in them.
        for old in home.children { old.remove() }
    }

    /// Passes controllers on to what is below. What went wrong, for people.
    private static func pass(_ controllers: [CgroupController], from cgroup: Cgroup) -> String? {
        // Asked first: with processes in it some could be passed on, and nothing could be started below it any more.
        guard controllers.isEmpty || cgroup.isRoot || isEmptied(cgroup) else {
            return "cannot pass on the controllers of the cgroup \(cgroup.path): other processes are in it"
        }
        for controller in controllers {
            let number = cgroup.write("+\(controller.rawValue)", to: "cgroup.subtree_control")
            guard number != 0 else { continue }
            return "cannot pass on the controller \(controller.rawValue) of the cgroup \(cgroup.path): "
                + errorText(number)
        }
        return nil
    }

    /// Moves the agent itself to a leaf, if it is in there. Whether nobody else is.
    private static func isEmptied(_ cgroup: Cgroup) -> Bool {
        let leaf = Cgroup(path: "\(cgroup.path)/\(CgroupDelegation.leaf)")
        guard cgroup.ownPIDs.contains(getpid()) else { return cgroup.ownPIDs.isEmpty }
        guard mkdir(leaf.path, 0o755) == 0 || errno == EEXIST else { return false }
        return leaf.write(String(getpid()), to: "cgroup.procs") == 0 && cgroup.ownPIDs.isEmpty
    }

    private static func trouble(_ folder: String, missing: [CgroupController]) -> String? {
        guard !missing.isEmpty else { return nil }
        let names = missing.map(\.rawValue).joined(separator: ", ")
        return "the cgroup \(folder) is without the controllers \(names)"
    }

    /// Makes the one of a process. `nil`: it cannot be had.
    func make(_ name: String, _ limits: CgroupLimits) -> (cgroup: Cgroup, unenforced: [CgroupLimits.Kind])? {
        guard let home else { return nil }
        var cgroup = Cgroup(path: "\(home.path)/\(name)")
        var number = 1
        while mkdir(cgroup.path, 0o755) != 0 {
            // What was in it before is not over: that has limits of its own.
            guard errno == EEXIST, number < 100 else { return nil }
            number += 1
            cgroup = Cgroup(path: "\(home.path)/\(name)~\(number)")
        }
        let unenforced = limits.kinds.filter { kind in
            limits.file(kind).map { cgroup.write($0.text, to: $0.name) != 0 } ?? false
        }
        return (cgroup, unenforced)
    }

    /// Those that are there whose names begin so: an agent before this one made them, where this one did not.
    func cgroups(withPrefix prefix: String) -> [Cgroup] {
        home?.children.filter { $0.path.dropFirst((home?.path.count ?? 0) + 1).hasPrefix(prefix) } ?? []
    }

    /// Removes what is empty, at the agent's end.
    package func close() {
        for cgroup in home?.children ?? [] { cgroup.remove() }
        home?.remove()
    }
}
