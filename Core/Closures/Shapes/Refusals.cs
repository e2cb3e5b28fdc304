using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Dpark.Rdds;

namespace Dpark.Closures.Shapes;

/// <summary>The types that belong to one process. Their subclasses and implementations do, too.</summary>
internal static class Refusals
{
    /// <summary>Refused only where user code holds it: an engine object may refer to the RDD it is computed from.</summary>
    public static readonly Refusal Rdd = new(
        "an RDD", "an RDD exists only in the driver, so collect it and capture the result, or join the two RDDs");

    public static readonly Refusal DisposedBroadcast = new(
        "a broadcast value that was disposed", "dispose it after the last job that uses it, or broadcast the value again");

    public static readonly Refusal NestedBroadcast = new("a broadcast value inside another one", "broadcast the two apart, and capture both");

    public static readonly Refusal RuntimeMade = new(
        "an object whose type was made at run time", "no file holds its code, so capture the data it was made from");

    public static readonly Refusal NativeCode = new("a delegate to native code", "its address means nothing on another machine; wrap the call in a method");

    public static readonly Refusal DynamicMethod = new(
        "a delegate to code that was compiled at run time", "no file holds that code, so write the function as a lambda or a method");

    private static readonly Refusal Pointer = new("a pointer or an operating system handle", "it means nothing in another process; open the resource inside MapPartitions");

    private static readonly Refusal Open = new("an open stream or reader", "open it inside MapPartitions, from a path or an address that every worker reaches");

    private static readonly Refusal Network = new("a network connection", "open one inside MapPartitions, once per partition");

    private static readonly Refusal Database = new("a database object", "open a connection inside MapPartitions, once per partition");

    private static readonly Refusal Running = new("running work", "await it first and capture its result");

    private static readonly Refusal Lock = new("a lock", "each attempt has its own copy of what it captures and runs on one thread, so no lock is needed");

    private static readonly Refusal Token = new("a cancellation token", "use TaskContext.Current.CancellationToken inside the function");

    private static readonly Refusal Clock = new("a timer", "workers have none of the driver's events; start what you need inside MapPartitions");

    private static readonly Refusal Services = new("a service of this process", "capture the values that the function needs, or make the service inside MapPartitions");

    private static readonly Refusal Telemetry = new("a logger or an instrument of this process", "make one inside MapPartitions, or return what you want to know");

    private static readonly Refusal Context = new("the driver's context", "jobs are started by the driver only; collect what the function needs and capture that");

    private static readonly Refusal Grain = new("a grain reference or a cluster client", "a function runs outside the grain scheduler; call the grain in the driver");

    private static readonly Refusal Code = new("a piece of reflection", "capture the Type and find the member inside the function");

    private static readonly Refusal Tree = new("an expression tree", "write the function as a lambda");

    private static readonly Refusal Local = new("a reference that one process keeps track of", "capture the object itself");

    // Those of the runtime's own assembly, which is always there.
    private static readonly (Type Type, Refusal Refusal)[] Classes =
    [
        (typeof(Stream), Open), (typeof(TextReader), Open), (typeof(TextWriter), Open), (typeof(BinaryReader), Open), (typeof(BinaryWriter), Open),
        (typeof(Task), Running), (typeof(ValueTask), Running), (typeof(ValueTask<>), Running), (typeof(TaskCompletionSource), Running),
        (typeof(TaskCompletionSource<>), Running), (typeof(Thread), Running), (typeof(TaskScheduler), Running), (typeof(SynchronizationContext), Running),
        (typeof(ExecutionContext), Running),
        (typeof(WaitHandle), Lock), (typeof(SemaphoreSlim), Lock), (typeof(Lock), Lock), (typeof(ReaderWriterLockSlim), Lock), (typeof(ManualResetEventSlim), Lock),
        (typeof(CancellationToken), Token), (typeof(CancellationTokenSource), Token), (typeof(CancellationTokenRegistration), Token),
        (typeof(Timer), Clock), (typeof(PeriodicTimer), Clock),
        (typeof(SafeHandle), Pointer), (typeof(CriticalHandle), Pointer), (typeof(nint), Pointer), (typeof(nuint), Pointer), (typeof(GCHandle), Pointer),
        (typeof(System.Reflection.Pointer), Pointer),
        (typeof(MemberInfo), Code), (typeof(Assembly), Code), (typeof(Module), Code), (typeof(ParameterInfo), Code), (typeof(AssemblyLoadContext), Code),
        (typeof(WeakReference), Local), (typeof(WeakReference<>), Local), (typeof(ConditionalWeakTable<,>), Local), (typeof(ThreadLocal<>), Local), (typeof(AsyncLocal<>), Local),
    ];

    private static readonly (Type Type, Refusal Refusal)[] Interfaces =
    [
        (typeof(IRddContext), Context), (typeof(IServiceProvider), Services), (typeof(IAsyncResult), Running),
    ];

    // By name, because the first closure would otherwise load fifteen assemblies that hardly any program needs.
    private static readonly Dictionary<string, Refusal> FrameworkClasses = new()
    {
        ["System.IO.Pipelines.PipeReader"] = Open,
        ["System.IO.Pipelines.PipeWriter"] = Open,
        ["System.IO.FileSystemWatcher"] = Open,
        ["System.Diagnostics.Process"] = Pointer,
        ["System.Net.Sockets.Socket"] = Network,
        ["System.Net.Sockets.TcpClient"] = Network,
        ["System.Net.Sockets.TcpListener"] = Network,
        ["System.Net.Sockets.UdpClient"] = Network,
        ["System.Net.Http.HttpMessageInvoker"] = Network,
        ["System.Net.Http.HttpMessageHandler"] = Network,
        ["System.Net.WebSockets.WebSocket"] = Network,
        ["System.Data.Common.DbConnection"] = Database,
        ["System.Data.Common.DbCommand"] = Database,
        ["System.Data.Common.DbTransaction"] = Database,
        ["System.Data.Common.DbDataReader"] = Database,
        ["System.Data.Common.DbDataSource"] = Database,
        ["System.Threading.ReaderWriterLock"] = Lock,
        ["System.Threading.CountdownEvent"] = Lock,
        ["System.Threading.Barrier"] = Lock,
        ["System.Collections.Concurrent.BlockingCollection`1"] = Lock,
        ["System.Threading.Channels.Channel`2"] = Lock,
        ["System.Threading.Channels.ChannelReader`1"] = Lock,
        ["System.Threading.Channels.ChannelWriter`1"] = Lock,
        ["System.Timers.Timer"] = Clock,
        ["System.Linq.Expressions.Expression"] = Tree,
        ["System.Diagnostics.Activity"] = Telemetry,
        ["System.Diagnostics.ActivitySource"] = Telemetry,
        ["System.Diagnostics.Metrics.Meter"] = Telemetry,
        ["System.Diagnostics.Metrics.Instrument"] = Telemetry,
    };

    private static readonly Dictionary<string, Refusal> FrameworkInterfaces = new()
    {
        ["System.Data.IDbConnection"] = Database,
        ["System.Data.IDbCommand"] = Database,
        ["System.Data.IDbTransaction"] = Database,
        ["System.Data.IDataReader"] = Database,
    };

    // By name, because the engine must not depend on these assemblies or must not bind to one version of them.
    private static readonly Dictionary<string, Refusal> OtherInterfaces = new()
    {
        ["Microsoft.Extensions.Logging.ILogger"] = Telemetry,
        ["Microsoft.Extensions.Logging.ILoggerFactory"] = Telemetry,
        ["Microsoft.Extensions.DependencyInjection.IServiceScope"] = Services,
        ["Microsoft.Extensions.DependencyInjection.IServiceScopeFactory"] = Services,
        ["Microsoft.Extensions.Hosting.IHost"] = Services,
        ["Orleans.Runtime.IAddressable"] = Grain,
        ["Orleans.IClusterClient"] = Grain,
        ["Orleans.IGrainFactory"] = Grain,
        ["Orleans.IGrainBase"] = Grain,
    };

    /// <summary>Types of the framework that are known by their names.</summary>
    internal static IEnumerable<string> FrameworkNames => FrameworkClasses.Keys.Concat(FrameworkInterfaces.Keys);

    /// <summary>Why no object of exactly this type can travel; <see langword="null"/> if it can.</summary>
    public static Refusal? Of(Type type)
    {
        if (type.IsPointer || type.IsFunctionPointer || type.IsByRef || type.IsByRefLike || type.IsCOMObject)
        {
            return Pointer;
        }

        if (type.IsArray)
        {
            var element = type.GetElementType()!;
            return element.IsValueType || element.IsPointer || element.IsFunctionPointer ? Of(element) : null;
        }

        for (var level = type; level is not null; level = level.BaseType)
        {
            var named = level.IsGenericType ? level.GetGenericTypeDefinition() : level;
            foreach (var (refused, refusal) in Classes)
            {
                if (refused == named)
                {
                    return refusal;
                }
            }

            if (named.FullName is { } name && FrameworkClasses.TryGetValue(name, out var known))
            {
                return known;
            }
        }

        return OfInterfaces(type) ?? (type.Assembly.IsDynamic ? RuntimeMade : null);
    }

    private static Refusal? OfInterfaces(Type type)
    {
        foreach (var implemented in type.GetInterfaces())
        {
            foreach (var (refused, refusal) in Interfaces)
            {
                if (refused == implemented)
                {
                    return refusal;
                }
            }

            if (implemented.FullName is { } name && (OtherInterfaces.TryGetValue(name, out var named) || FrameworkInterfaces.TryGetValue(name, out named)))
            {
                return named;
            }
        }

        return null;
    }
}
