import Glibc
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProcess
import ReeveProtocol
import ReeveStore

// What the plan says, done to the engine.
extension Services {
    func carryOut(_ actions: [ServicePlan.Action]) {
        var newcomers: [StoredService] = []
        for action in actions {
            switch action {
            case .install(let service): newcomers.append(service)
            case .leave(let service, let cause): leave(service, cause)
            case .end(let service, let cause): end(service, cause)
            case .adjust(let service): adjust(service)
            case .start(let service): start(service)
            case .restart(let service, let cause): restart(service, cause)
            case .rest(let service): rest(service)
            case .forget(let service): forget(service)
            }
        }
        install(newcomers)
    }

    // MARK: Coming

    /// All at once, with what they wait for; should one be refused, the others come nevertheless.
    private func install(_ services: [StoredService]) {
        guard !services.isEmpty else { return }
        for service in services where !isRunning(service.name) {
            custody.change(service.name) { ledger in
                ledger.isHeld = false
                ledger.requestTaken(service.orders.request, ends: true)
            }
        }
        do {
            try install(group: services)
        } catch {
            guard services.count > 1 else { return refused(services[0], error) }
            for service in services { install([service]) }
        }
    }

    private func isRunning(_ name: String) -> Bool {
        launcher.processes.record(ServiceLauncher.key(name)) != nil
    }

    private func install(group: [StoredService]) throws(EngineError) {
        let needed = Set(group.flatMap { $0.definition.requires ?? [] }.compactMap(Milestone.init))
        let missing = needed.subtracting(state.withLockedValue { $0.milestones })
        // Before the engine has them: it may start one at once, which then looks for its definition here.
        state.withLockedValue { state in
            state.milestones.formUnion(missing)
            for service in group { state.installed[service.name] = newcomer(service) }
        }
        do {
            try engine.install(group.map(manifold) + missing.map(manifold))
        } catch {
            state.withLockedValue { state in
                state.milestones.subtract(missing)
                for service in group { state.installed[service.name] = nil }
            }
            throw error
        }
        if group.contains(where: { isRunning($0.name) }) { planAgain() }
    }

    private func newcomer(_ service: StoredService) -> ServicePlan.Installed {
        ServicePlan.Installed(
            definition: service.definition,
            // Of one that is taken over, what was asked since is still to be done.
            request: isRunning(service.name) ? service.state.request : service.orders.request
        )
    }

    /// Circles are refused where services are put: this is a defect, or two of them were put by hands at odds.
    private func refused(_ service: StoredService, _ error: EngineError) {
        logger.error("a service cannot be kept", metadata: ["service": "\(service.name)", "reason": "\(error)"])
        custody.change(service.name) { ledger in
            let end = ServiceEnd(.failed, cause: "refused", reason: error.message, exit: nil)
            ledger.ended(end, at: wallClock.now)
        }
    }

    // MARK: Going

    private func leave(_ service: StoredService, _ cause: ServiceStopCause) {
        let name = service.name
        custody.setCause(cause, of: name)
        custody.setCompleted(false, name)
        custody.change(name) { ledger in
            ledger.isHeld = service.orders.stopped != nil
            ledger.requestTaken(service.orders.request, ends: true)
        }
        state.withLockedValue { $0.installed[name]?.isLeaving = true }
        do {
            try engine.remove(name)
        } catch {
            // Only an engine that is ending refuses this: then it ends anyway.
            return
        }
        seeOff(name) { [engine] in
            // An engine that ends before needs no plan any more.
            (try? await engine.stopped([name])) != nil
        }
    }

    /// Ends a process without the engine: a bounce of this part came between it and its end.
    private func end(_ service: StoredService, _ cause: ServiceStopCause?) {
        let name = service.name
        let cause = cause ?? custody.cause(of: name) ?? .requirement
        let definition = custody.launchedDefinition(of: name) ?? service.definition
        custody.setCompleted(false, name)
        custody.change(name) { ledger in
            ledger.isHeld = service.orders.stopped != nil
            ledger.requestTaken(service.orders.request, ends: true)
            ledger.isStopping()
        }
        state.withLockedValue { state in
            state.installed[name] = ServicePlan.Installed(
                definition: definition,
                request: service.orders.request,
                isLeaving: true
            )
        }
        seeOff(name) { [launcher, clock, custody, wallClock] in
            guard let exit = await launcher.end(definition, clock: clock) else { return false }
            let end = ServiceEnd(.told, cause: cause.word, reason: cause.text, exit: exit)
            custody.change(name) { $0.ended(end, at: wallClock.now) }
            return true
        }
    }

    func hasLeft(_ name: String) {
        conditions.forget(name)
        custody.setCause(nil, of: name)
        let unused = state.withLockedValue { state -> Set<Milestone> in
            state.installed[name] = nil
            let needed = state.installed.values.flatMap { $0.definition.requires ?? [] }.compactMap(Milestone.init)
            let unused = state.milestones.subtracting(needed)
            state.milestones.subtract(unused)
            return unused
        }
        // Nobody needs them; should the engine be ending, they go with it.
        try? engine.remove(unused.map(\.name))
    }

    private func forget(_ service: StoredService) {
        unlink(launcher.files.log(service.name))
        unlink(launcher.files.log(service.name) + ".old")
        custody.letGo(of: service.name)
    }

    // MARK: Staying

    private func adjust(_ service: StoredService) {
        take(service)
        custody.change(service.name) { $0.requestTaken(service.orders.request, ends: false) }
    }

    private func take(_ service: StoredService) {
        state.withLockedValue { state in
            state.installed[service.name]?.definition = service.definition
            state.installed[service.name]?.request = service.orders.request
        }
        attempt("adjust", service.name) { () throws(EngineError) in
            try engine.setLimits(Self.limits(service.definition), of: service.name)
        }
    }

    private func start(_ service: StoredService) {
        take(service)
        custody.setCompleted(false, service.name)
        conditions.change(service.name) { $0 = withoutEnd($0) }
        custody.change(service.name) { ledger in
            ledger.requestTaken(service.orders.request, ends: false)
            ledger.released()
        }
        attempt("start", service.name) { () throws(EngineError) in try engine.start(service.name) }
    }

    private func restart(_ service: StoredService, _ cause: ServiceStopCause) {
        take(service)
        custody.setCompleted(false, service.name)
        custody.setCause(cause, of: service.name)
        conditions.change(service.name) { $0 = withoutEnd($0) }
        custody.change(service.name) { ledger in
            ledger.requestTaken(service.orders.request, ends: true)
            ledger.released()
        }
        attempt("restart", service.name) { () throws(EngineError) in try engine.restart(service.name) }
    }

    private func withoutEnd(_ standing: Conditions.Standing) -> Conditions.Standing {
        var standing = standing
        standing.hasExited = false
        standing.hasSucceeded = false
        return standing
    }

    private func rest(_ service: StoredService) {
        custody.change(service.name) { ledger in
            ledger.isHeld = true
            ledger.requestTaken(service.orders.request, ends: true)
        }
    }

    private func attempt(_ what: String, _ name: String, _ body: () throws(EngineError) -> Void) {
        do {
            try body()
        } catch {
            logger.warning("cannot \(what) a service", metadata: ["service": "\(name)", "reason": "\(error)"])
        }
    }
}
