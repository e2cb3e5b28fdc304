using System.Globalization;
using System.Text;

namespace Orleans.Runtime;

/// <summary>The ids of grain services: one type per service interface, one key per silo.</summary>
internal static class GrainServiceId
{
    public static GrainType TypeOf(Type interfaceType) => GrainType.Create(
        GrainTypePrefix.GrainServicePrefix + IdHash.Of(Encoding.UTF8.GetBytes(GrainInterface.NameOf(interfaceType))).ToString("X8", CultureInfo.InvariantCulture));

    /// <summary>The id of a service class on a silo.</summary>
    /// <exception cref="InvalidOperationException">The class implements no interface of a grain service.</exception>
    public static GrainId Of(Type serviceType, SiloAddress silo)
    {
        var contract = Array.Find(serviceType.GetInterfaces(), type => type.GetInterfaces().Contains(typeof(Orleans.Services.IGrainService)))
            ?? throw new InvalidOperationException($"Cannot find an interface on {serviceType.FullName} which implements IGrainService. Derive one from it, and let the class implement that.");
        return SystemTarget.IdOf(TypeOf(contract), silo);
    }
}
