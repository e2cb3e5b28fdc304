using System.Linq.Expressions;
using System.Net.Sockets;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Dpark.Closures.Shapes;
using Dpark.Rdds;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpark.Closures;

public sealed class RefusalTests
{
    private static readonly CallSite Site = new("Map", "Program.cs", 12);

    private readonly Stream _stream = Stream.Null;

    private delegate int Native();

    private interface IConnectionOwner
    {
        Connection Connection { get; }
    }

    public static TheoryData<string, object> Refused()
    {
        var data = new TheoryData<string, object>();
        var expression = Expression.Lambda<Func<int>>(Expression.Constant(1));
        (string What, object Value)[] values =
        [
            ("an open stream", new MemoryStream()), ("an open stream", TextReader.Null), ("an open stream", TextWriter.Null),
            ("a network connection", new TcpClient()), ("a network connection", new HttpClient()), ("a network connection", new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)),
            ("running work", Task.CompletedTask), ("running work", Task.FromResult(1)), ("running work", new TaskCompletionSource()), ("running work", Thread.CurrentThread),
            ("running work", new Holder<ValueTask<int>>(default)),
            ("a lock", new SemaphoreSlim(1)), ("a lock", new Holder<Lock>(new Lock())), ("a lock", new ReaderWriterLockSlim()), ("a lock", new Mutex()), ("a lock", Channel.CreateUnbounded<int>()),
            ("a cancellation token", CancellationToken.None), ("a cancellation token", new CancellationTokenSource()), ("a cancellation token", new Holder<CancellationToken?>(null)),
            ("a timer", new Timer(_ => { })), ("a timer", new PeriodicTimer(TimeSpan.FromDays(1))),
            ("a pointer", new Holder<nint>(0)), ("a pointer", new nint[1]), ("a pointer", default(GCHandle)), ("a pointer", new Holder<(int, nuint)>(default)),
            ("a service", new Services()), ("a logger", NullLogger.Instance), ("a logger", new LoggerFactory()),
            ("a piece of reflection", typeof(int).GetMethod("GetHashCode")!), ("a piece of reflection", typeof(int).Assembly), ("a piece of reflection", typeof(List<>).GetGenericArguments()[0]),
            ("an expression tree", expression), ("a delegate to code that was compiled at run time", expression.Compile()), ("a delegate to code that was compiled at run time", Dynamic()),
            ("a delegate to native code", Marshal.GetDelegateForFunctionPointer<Native>(NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "getpid"))),
            ("a reference that one process keeps track of", new WeakReference(data)), ("a reference that one process keeps track of", new ThreadLocal<int>()),
            ("an object whose type was made at run time", RuntimeMade()), ("the driver's context", new Context()),
        ];
        foreach (var (what, value) in values)
        {
            data.Add(what, value);
        }

        return data;
    }

    [Fact]
    public void FrameworkNames_All_AreTypesOfTheFramework()
    {
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(Path.GetFileNameWithoutExtension)
            .Where(name => name!.StartsWith("System.", StringComparison.Ordinal))
            .Select(name => Assembly.Load(name!))
            .ToArray();

        var unknown = Refusals.FrameworkNames.Where(name => !assemblies.Any(assembly => assembly.GetType(name) is { IsPublic: true }));

        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Check_CapturedValueThatCannotTravel_IsNamed(string what, object captured)
    {
        Func<object> function = () => captured;

        var exception = Assert.Throws<ClosureException>(() => new ClosureSerializer().Check(function, Site));

        Assert.StartsWith($"RefusalTests.{nameof(Check_CapturedValueThatCannotTravel_IsNamed)}: closure captures 'captured", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"Map at Program.cs:12 cannot send {what}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_NestedMembers_AreNamedAsWritten()
    {
        var settings = new Settings(new Connection(Stream.Null)) { Backups = [new Connection(null), new Connection(Stream.Null)] };
        var table = new Dictionary<string, (int Count, Connection Link)> { ["a"] = (1, new Connection(null)), ["b"] = (2, new Connection(Stream.Null)) };
        IConnectionOwner owner = settings;

        Assert.Equal("'settings.Connection.Inner.Channel' (System.IO.Stream.NullStream)", PathOf(() => settings.ToString()));
        Assert.Equal("'connections[1].Inner.Channel' (System.IO.Stream.NullStream)", PathOf(ByLocal(settings.Backups)));
        Assert.Equal("'table.Values[1].Item2.Inner.Channel' (System.IO.Stream.NullStream)", PathOf(() => table["a"].Count));
        Assert.Equal("'this._stream' (System.IO.Stream.NullStream)", PathOf(() => _stream.Length));
        Assert.Equal("'this.Inner.Channel' (System.IO.Stream.NullStream)", PathOf(owner.Connection.Use));

        static Func<int> ByLocal(List<Connection> connections) => () => connections.Count;
    }

    [Fact]
    public void Check_NestedDelegate_IsPartOfThePath()
    {
        var helper = new Worker<int>().Property;

        Assert.Equal("'helper.stream' (System.IO.Stream.NullStream)", PathOf(() => helper() + 1));
    }

    [Fact]
    public void Check_Message_NamesTheUsersMethod()
    {
        var stream = Stream.Null;

        Assert.StartsWith("RefusalTests.Check_Message_NamesTheUsersMethod: closure captures 'stream'", MessageOf(() => stream.Length), StringComparison.Ordinal);
        Assert.StartsWith("RefusalTests.Check_Message_NamesTheUsersMethod: closure captures 'stream'", MessageOf(Local), StringComparison.Ordinal);
        Assert.StartsWith("RefusalTests.Worker<T>.Property: closure captures 'stream'", MessageOf(new Worker<int>().Property), StringComparison.Ordinal);
        Assert.StartsWith("constructor of RefusalTests.Worker<T>: closure captures 'stream'", MessageOf(new Worker<int>().FromConstructor), StringComparison.Ordinal);
        Assert.StartsWith("RefusalTests.Worker<T>.Generic: closure captures 'stream'", MessageOf(new Worker<int>().Generic("x")), StringComparison.Ordinal);
        Assert.StartsWith("RefusalTests.Worker<T>.Iterate: closure captures 'stream'", MessageOf(new Worker<int>().Iterate().Single()), StringComparison.Ordinal);
        Assert.StartsWith("RefusalTests.Connection.Use: closure captures 'this.Inner.Channel'", MessageOf(new Connection(stream).Use), StringComparison.Ordinal);

        long Local() => stream.Length;
    }

    [Fact]
    public void Check_Message_SaysWhatToDo()
    {
        var stream = Stream.Null;

        Assert.Equal(
            "RefusalTests.Check_Message_SaysWhatToDo: closure captures 'stream' (System.IO.Stream.NullStream). Map at Program.cs:12 cannot send an open stream or reader " +
            "to the workers: open it inside MapPartitions, from a path or an address that every worker reaches.",
            MessageOf(() => stream.Length));
    }

    [Fact]
    public void Check_PartsOfAFrameworkObject_AreRefused()
    {
        var values = new object[] { new StringReader("x") };

        Assert.Equal("'values[0]' (System.IO.StringReader)", PathOf(() => values.Length));
    }

    [Fact]
    public void Check_NullOfARefusedClass_Travels()
    {
        Stream? stream = null;
        Task? task = null;

        new ClosureSerializer().Check(() => (stream, task), Site);

        Assert.Equal((null, null), Travel.Copy(() => (stream, task))());
    }

    [Fact]
    public void Check_DelegatesInOperators_AreCheckedThroughMulticast()
    {
        var stream = Stream.Null;
        Action both = () => { };
        both += () => stream.Flush();

        Assert.Equal("'stream' (System.IO.Stream.NullStream)", PathOf(both));
    }

    [Fact]
    public void Serialize_RefusedRoot_IsNamed()
    {
        var exception = Assert.Throws<ClosureException>(() => new ClosureSerializer().Serialize(new Holder<Stream>(Stream.Null), null));

        Assert.StartsWith("Dpark.Closures.RefusalTests.Holder<System.IO.Stream>: the object holds 'Value' (System.IO.Stream.NullStream).", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ClosureException>(() => new ClosureSerializer().Serialize(Stream.Null, null));
    }

    private static string PathOf(Delegate function)
    {
        var message = MessageOf(function);
        var start = message.IndexOf('\'', StringComparison.Ordinal);
        return message[start..(message.IndexOf(')', start) + 1)];
    }

    private static string MessageOf(Delegate function) => Assert.Throws<ClosureException>(() => new ClosureSerializer().Check(function, Site)).Message;

    private static string MessageOf(Func<long> function) => MessageOf((Delegate)function);

    private static string PathOf(Func<long> function) => PathOf((Delegate)function);

    private static Func<int> Dynamic()
    {
        var method = new DynamicMethod("one", typeof(int), [], typeof(RefusalTests).Module);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>();
    }

    private static object RuntimeMade()
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new System.Reflection.AssemblyName("made"), AssemblyBuilderAccess.RunAndCollect);
        return Activator.CreateInstance(assembly.DefineDynamicModule("made").DefineType("Made").CreateType())!;
    }

    private sealed record Holder<T>(T Value);

    private sealed class Services : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    private sealed class Context : IRddContext
    {
        public int DefaultParallelism => 1;

        public RddId NewRddId() => default;

        public Shuffle.ShuffleId NewShuffleId() => default;

        public void CheckClosure(Delegate function, CallSite callSite)
        {
        }

        public IAsyncEnumerable<PartitionResult<T>> RunJobAsync<T>(Rdd<T> rdd, IReadOnlyList<int>? partitions, JobOptions options, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }

    private sealed class Connection(Stream? stream)
    {
        public Link Inner { get; } = new(stream);

        public long Use() => Inner.Channel!.Length;
    }

    private sealed record Link(Stream? Channel);

    private sealed record Settings(Connection Connection) : IConnectionOwner
    {
        public List<Connection> Backups { get; init; } = [];
    }

    private sealed class Worker<T>
    {
        public Worker()
        {
            var stream = Stream.Null;
            FromConstructor = () => stream.Length;
        }

        public Func<long> FromConstructor { get; }

        public Func<long> Property
        {
            get
            {
                var stream = Stream.Null;
                return () => stream.Length;
            }
        }

        public Func<long> Generic<TOther>(TOther other)
        {
            var stream = Stream.Null;
            return () => stream.Length + (other is null ? 1 : 0);
        }

        public IEnumerable<Func<long>> Iterate()
        {
            var stream = Stream.Null;
            yield return () => stream.Length;
        }
    }
}
