using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Dpark.Embedded.Tests.Messaging;

public sealed class MessageSerializerTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    [Fact]
    public void Deserialize_WhatSerializeWrote_HasEveryField()
    {
        var serializer = New();
        var silo = SiloAddress.FromParsableString("127.0.0.1:1@2");
        var message = new Message
        {
            Kind = MessageKind.Response,
            Flags = MessageFlags.FromClient | MessageFlags.ReadOnly,
            ForwardCount = 2,
            Id = long.MaxValue,
            SendingGrain = GrainId.Create("a", "b"),
            SendingSilo = silo,
            TargetGrain = GrainId.Create("c", "d"),
            InterfaceType = GrainInterfaceType.Create("i"),
            MethodId = uint.MaxValue,
            ExpiresAt = Environment.TickCount64 + 60_000,
            ReentrancyId = Guid.NewGuid(),
            RequestContextData = new() { ["key"] = 5, ["silo"] = silo },
            CacheInvalidations = [new GrainAddress { GrainId = GrainId.Create("c", "d"), SiloAddress = silo }],
            Response = Response.FromResult("result"),
        };

        var copy = serializer.Deserialize(serializer.Serialize(message));

        Assert.Equal(
            (message.Kind, message.Flags, message.ForwardCount, message.Id, message.SendingGrain, message.SendingSilo),
            (copy.Kind, copy.Flags, copy.ForwardCount, copy.Id, copy.SendingGrain, copy.SendingSilo));
        Assert.Equal(
            (message.TargetGrain, message.TargetSilo, message.InterfaceType, message.MethodId, message.ReentrancyId),
            (copy.TargetGrain, copy.TargetSilo, copy.InterfaceType, copy.MethodId, copy.ReentrancyId));
        Assert.InRange(copy.ExpiresAt, message.ExpiresAt - 5_000, message.ExpiresAt + 5_000);
        Assert.Equal(message.RequestContextData, copy.RequestContextData);
        Assert.True(message.CacheInvalidations[0].Equals(Assert.Single(copy.CacheInvalidations!)));
        Assert.False(copy.IsFailure);
        Assert.Equal("result", _services.GetRequiredService<SerializerSessionPool>().Read<string>(copy.Body.Span));
    }

    [Fact]
    public void Serialize_MessageThatWasReceived_KeepsItsBody()
    {
        var serializer = New();
        var received = serializer.Deserialize(serializer.Serialize(Answer(Response.FromException(new InvalidOperationException("why")))));

        var again = serializer.Deserialize(serializer.Serialize(received));

        Assert.True(again.IsFailure);
        Assert.Equal(received.Body.ToArray(), again.Body.ToArray());
    }

    [Fact]
    public void Serialize_BodyAboveTheLimit_NamesBytesAndOption()
    {
        var error = Assert.Throws<InvalidMessageFrameException>(() => New(maxBodyBytes: 1_000).Serialize(Answer(Response.FromResult(new byte[2_000]))));

        Assert.Contains("the limit is 1000", error.Message, StringComparison.Ordinal);
        Assert.Contains("MaxMessageBodySize", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deserialize_AnyCutFrame_ThrowsOrKeepsTheHeader()
    {
        var serializer = New();
        var frame = serializer.Serialize(Answer(Response.FromResult("0123456789")));
        var headerBytes = BitConverter.ToInt32(frame) + sizeof(int);

        for (var length = 0; length < headerBytes; length++)
        {
            Assert.Throws<InvalidMessageFrameException>(() => serializer.Deserialize(frame.AsMemory(0, length)));
        }

        Assert.Equal(7, serializer.Deserialize(frame.AsMemory(0, headerBytes)).Id);
    }

    public void Dispose() => _services.Dispose();

    private static Message Answer(Response response) => new() { Kind = MessageKind.Response, Id = 7, Response = response };

    private MessageSerializer New(int maxBodyBytes = 1 << 20) => new(_services.GetRequiredService<SerializerSessionPool>(), 1 << 20, maxBodyBytes);
}
