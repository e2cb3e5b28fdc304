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
}

public sealed class MessageFuzzTests
{
    private const int MutationCount = 100_000;
    private const long AllowedBytes = 4 << 20;

    private readonly SerializerSessionPool _pool = TestSerializer.NewPool();
    private readonly MessageSerializer _serializer;
    private readonly InterfaceMethod _method = GrainInterface.Of(typeof(IFuzzedGrain)).Methods.Single();

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
        byte[][] frames = [_serializer.Serialize(NewRequest()), _serializer.Serialize(NewResponse()), _serializer.Serialize(NewFailure())];
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
