using Microsoft.Extensions.Logging;

namespace Dpark.Environments;

public sealed partial class DparkEnvironment
{
    private static readonly EnvironmentServiceKind[] MasterOrder =
    [
        EnvironmentServiceKind.TrackerServer,
        EnvironmentServiceKind.TrackerClient,
        EnvironmentServiceKind.CacheTracker,
        EnvironmentServiceKind.MapOutputTracker,
        EnvironmentServiceKind.Broadcast,
    ];

    private static readonly EnvironmentServiceKind[] WorkerOrder =
    [
        EnvironmentServiceKind.TrackerClient,
        EnvironmentServiceKind.CacheTracker,
        EnvironmentServiceKind.MapOutputTracker,
        EnvironmentServiceKind.Broadcast,
    ];

    private static readonly EnvironmentServiceKind[] StopOrder =
    [
        EnvironmentServiceKind.TrackerClient,
        EnvironmentServiceKind.Fetcher,
        EnvironmentServiceKind.CacheTracker,
        EnvironmentServiceKind.MapOutputTracker,
        EnvironmentServiceKind.TrackerServer,
        EnvironmentServiceKind.Broadcast,
    ];

    private async Task StartAsync(EnvironmentRole role, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StartKindAsync(EnvironmentServiceKind.Fetcher, role, cancellationToken).ConfigureAwait(false);
            if (role == EnvironmentRole.Worker)
            {
                CheckCodec();
            }

            SetNames(role);
            foreach (var kind in role == EnvironmentRole.Master ? MasterOrder : WorkerOrder)
            {
                await StartKindAsync(kind, role, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StartKindAsync(EnvironmentServiceKind kind, EnvironmentRole role, CancellationToken cancellationToken)
    {
        if (role == EnvironmentRole.Master && AddressOf(kind) is { } address && Get(address) is not null)
        {
            // A parent process, or another service of the cluster, serves it already.
            return;
        }

        foreach (var service in _services)
        {
            if (service.Kind != kind || _started.Exists(s => s.Service == service && (s.Role == role || !DiffersByRole(kind))))
            {
                continue;
            }

            // Noted before it can fail, so that a service that has started half-way is stopped.
            _started.Add((service, role));
            await service.StartAsync(this, role, IsLocal, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether a process that is master and worker starts a service for each.</summary>
    private static bool DiffersByRole(EnvironmentServiceKind kind) =>
        kind is EnvironmentServiceKind.CacheTracker or EnvironmentServiceKind.MapOutputTracker;

    private static string? AddressOf(EnvironmentServiceKind kind) => kind switch
    {
        EnvironmentServiceKind.TrackerServer => EnvironmentNames.TrackerAddress,
        EnvironmentServiceKind.Broadcast => EnvironmentNames.BroadcastGuideAddress,
        _ => null,
    };

    private void CheckCodec()
    {
        var wanted = Get(EnvironmentNames.Compress);
        if (wanted != _codec)
        {
            var masters = wanted is null ? "named no codec" : $"writes blocks with {wanted}";
            throw new InvalidOperationException(
                $"no {wanted ?? _codec} available: the master {masters}, this worker has {_codec}. " +
                "Install the library of that codec here, or set one that master and workers have.");
        }
    }

    private void SetNames(EnvironmentRole role)
    {
        if (role == EnvironmentRole.Master)
        {
            SetOwn(EnvironmentNames.Compress, _codec);
        }

        if (Get(EnvironmentNames.DparkId) is null)
        {
            SetOwn(EnvironmentNames.DparkId, NewId());
            LogIdentity(Get(EnvironmentNames.DparkId)!);
        }

        if (_workDirectory is null)
        {
            Volatile.Write(ref _workDirectory, OpenWorkDirectory());
        }

        if (Get(EnvironmentNames.ServerUri) is null)
        {
            SetOwn(EnvironmentNames.ServerUri, $"file://{_workDirectory.MainPath}");
        }
    }

    private WorkDirectory OpenWorkDirectory()
    {
        var logger = _loggerFactory.CreateLogger<WorkDirectory>();
        if (Get(EnvironmentNames.WorkDirectories) is { Length: > 0 } inherited)
        {
            return WorkDirectory.Inherit(inherited.Split(','), logger);
        }

        var directory = WorkDirectory.Create(Get(EnvironmentNames.DparkId)!, _options, IsLocal, logger);
        SetOwn(EnvironmentNames.WorkDirectories, string.Join(',', directory.Paths));
        return directory;
    }

    private static string NewId()
    {
        var host = new string([.. Environment.MachineName.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-')]).TrimStart('.');
        return $"{(host.Length == 0 ? "host" : host)}-{Guid.NewGuid()}";
    }

    private void SetOwn(string name, string value)
    {
        Register(name, value);
        if (!_ownNames.Contains(name))
        {
            _ownNames.Add(name);
        }
    }

    private void ForgetOwnNames()
    {
        foreach (var name in _ownNames)
        {
            Unregister(name);
        }

        _ownNames.Clear();
    }

    private async Task StopServicesAsync(CancellationToken cancellationToken)
    {
        foreach (var kind in StopOrder)
        {
            List<IEnvironmentService> services = [.. _started.Select(s => s.Service).Where(s => s.Kind == kind).Distinct()];
            services.Reverse();
            foreach (var service in services)
            {
                await StopServiceAsync(service, cancellationToken).ConfigureAwait(false);
            }

            if (services.Count > 0)
            {
                ForgetAddresses(kind);
            }
        }

        _started.Clear();
    }

    private async Task StopServiceAsync(IEnvironmentService service, CancellationToken cancellationToken)
    {
        try
        {
            await service.StopAsync(this, cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The services after it must be stopped whatever this one throws.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogStopFailed(service.Kind, e);
        }
    }

    /// <summary>The addresses of a service that this process has stopped lead nowhere.</summary>
    private void ForgetAddresses(EnvironmentServiceKind kind)
    {
        switch (kind)
        {
            case EnvironmentServiceKind.TrackerServer:
                Unregister(EnvironmentNames.TrackerAddress);
                break;
            case EnvironmentServiceKind.Broadcast:
                Unregister(EnvironmentNames.BroadcastGuideAddress);
                Unregister(EnvironmentNames.BroadcastDownloadAddress);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "This run is {DparkId}.")]
    private partial void LogIdentity(string dparkId);

    [LoggerMessage(LogLevel.Warning, "The {Kind} of this process could not be stopped; the others are stopped all the same.")]
    private partial void LogStopFailed(EnvironmentServiceKind kind, Exception failure);
}
