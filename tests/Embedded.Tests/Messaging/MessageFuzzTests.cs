using System.Net;
using Dpark.Embedded.Tests.Serialization;
using Orleans;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Messaging;

[Alias("test.IFuzzedGrain")]
public interface IFuzzedGrain : IGrainWithStringKey
{
    [Alias("Exchange")]
    Task<List<Small>> ExchangeAsync(string text, Small small, object anything, List<int> numbers);

    [Alias("Generic")]
    Task<T> EchoAsync<T>(T value);

    [Alias("Stream")]
    IAsyncEnumerable<int> CountAsync(int count);
}

public sealed class MessageFuzzTests
{
    private const int MutationCount = 1_000_000;
    private const long AllowedBytes = 4 << 20;

    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();
    private readonly MessageSerializer _serializer;
    private readonly InterfaceMethod _method = GrainInterface.Of(typeof(IFuzzedGrain)).Methods.Single(method => method.Info.Name == nameof(IFuzzedGrain.ExchangeAsync));

    public MessageFuzzTests() => _serializer = new MessageSerializer(_pool, maxHeaderBytes: 1 << 20, maxBodyBytes: 1 << 20);

    [Fact]
    public void Deserialize_WholeFrames_HaveWhatWasSent()
    {
        var request = _serializer.Deserialize(_serializer.Serialize(NewRequest()));
        var response = _serializer.Deserialize(_serializer.Serialize(NewResponse()));
        var failure = _serializer.Deserialize(_serializer.Serialize(NewFailure()));
        _serializer.ReadRequest(request);

        Assert.Equal(NewRequest().ToString(), request.ToString());
        Assert.Equal("text", request.Request!.GetArgument(0));
        Assert.Equal([1, 2, 3], (List<int>)request.Request.GetArgument(3)!);
        Assert.Equal("value", request.RequestContextData!["key"]);
        Assert.Equal([new Small(1, "one")], _serializer.ReadResponse(response, _method).GetResult<List<Small>>());
        Assert.Equal("late", Assert.IsType<TimeoutException>(_serializer.ReadResponse(failure, _method).Exception).Message);
    }

    [Fact]
    public void Deserialize_MutatedFrames_EndsInAMessageOrAnErrorOfItsOwn()
    {
        byte[][] frames = [.. new[] { NewRequest(), NewResponse(), NewFailure(), NewGenericRequest(), NewStreamRequest(), NewCancel() }.Select(_serializer.Serialize)];
        var random = new Random(20261126);
        var (messages, calls, refused) = (0, 0, 0);

        for (var i = 0; i < MutationCount; i++)
        {
            var bytes = Mutations.Mutate(frames[i % frames.Length], random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                var message = _serializer.Deserialize(bytes);
                messages++;
                Read(message);
                calls++;
            }
            catch (Exception exception) when (exception is InvalidMessageFrameException or SerializerException or OrleansException)
            {
                refused++;
            }
            catch (Exception exception)
            {
                Assert.Fail($"Mutation {i}, {Convert.ToHexString(bytes)}: {exception}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < AllowedBytes, $"Mutation {i} of {bytes.Length} bytes made the reader allocate {allocated} bytes.");
        }

        var isMixed = messages > 1_000 && calls > 1_000 && refused > 1_000;
        Assert.True(isMixed, $"{messages} messages and {calls} calls were read, {refused} were refused.");
    }

    private void Read(Message message)
    {
        if (message.Kind is MessageKind.Request or MessageKind.OneWay)
        {
            _serializer.ReadRequest(message);
            _ = message.ToString();
        }
        else
        {
            _ = _serializer.ReadResponse(message, _method);
        }
    }

    private Message NewRequest() => NewMessage(MessageKind.Request, message =>
    {
        message.InterfaceType = GrainInterface.Of(typeof(IFuzzedGrain)).Name;
        message.MethodId = _method.Id;
        message.RequestContextData = new() { ["key"] = "value", ["number"] = 7 };
        (string, Small, object, List<int>) arguments = ("text", new Small(1, "one"), new Tree { Name = "root" }, [1, 2, 3]);
        message.Request = _method.ReadRequest(_pool, _pool.ToArray(arguments));
    });

    private Message NewGenericRequest() => NewMessage(MessageKind.Request, message =>
    {
        message.InterfaceType = GrainInterface.Of(typeof(IFuzzedGrain)).Name;
        var method = (GenericMethod)GrainInterface.Of(typeof(IFuzzedGrain)).Methods.Single(method => method is GenericMethod);
        message.MethodId = method.Id;
        var constructed = (InterfaceMethod<ValueTuple<Dictionary<string, Small[]>>>)method.Construct<ValueTuple<Dictionary<string, Small[]>>>();
        message.Request = new Request<ValueTuple<Dictionary<string, Small[]>>>(constructed, new(new() { ["a"] = [new Small(1, "one")] }));
    });

    private Message NewStreamRequest() => NewMessage(MessageKind.Request, message =>
    {
        var extension = GrainInterface.Of(typeof(IAsyncEnumerableGrainExtension));
        message.InterfaceType = extension.Name;
        var start = (GenericMethod)extension.Methods.Single(method => method.Info.Name == nameof(IAsyncEnumerableGrainExtension.StartEnumeration));
        message.MethodId = start.Id;
        var count = (StreamMethod<ValueTuple<int>, int>)GrainInterface.Of(typeof(IFuzzedGrain)).Methods.Single(method => method.Info.Name == nameof(IFuzzedGrain.CountAsync));
        var call = new StreamCall<int>(GrainInterface.Of(typeof(IFuzzedGrain)).Name, new Request<ValueTuple<int>>(count, new(5)));
        message.Request = new Request<(Guid, StreamCall<int>, int)>((InterfaceMethod<(Guid, StreamCall<int>, int)>)start.Construct<ValueTuple<int>>(), (Guid.Empty, call, 100));
    });

    private static Message NewCancel() => NewMessage(MessageKind.Cancel, message => message.InterfaceType = GrainInterface.Of(typeof(IFuzzedGrain)).Name);

    private static Message NewResponse() => NewMessage(MessageKind.Response, message =>
    {
        message.Response = Response.FromResult<List<Small>>([new Small(1, "one")]);
        message.CacheInvalidations = [new GrainAddress { GrainId = message.SendingGrain, SiloAddress = message.SendingSilo }];
    });

    private static Message NewFailure() =>
        NewMessage(MessageKind.Response, message => message.Response = Response.FromException(new TimeoutException("late")));

    private static Message NewMessage(MessageKind kind, Action<Message> fill)
    {
        var message = new Message
        {
            Kind = kind,
            Id = 42,
            SendingGrain = GrainId.Create("sender", "a"),
            TargetGrain = GrainId.Create("target", "b"),
            SendingSilo = SiloAddress.New(IPAddress.Loopback, 11_111, 1),
            TargetSilo = SiloAddress.New(IPAddress.Loopback, 22_222, 2),
        };
        fill(message);
        return message;
    }
}
